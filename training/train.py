# SPDX-License-Identifier: Apache-2.0
"""Trains the learned filter on made-up exchanges. `python3 train.py --help`; README.md says where the data come from.

Ends a run of Ctrl-C or a lost machine with what the last checkpoint had: the same command goes on from there.
"""
import argparse
import json
import math
import os
import sys
import time

import numpy as np
import torch

from data import SEEN, Sequences, TARGETS
from tuned_filter import NeuralKalmanFilter
from weights import load_weights

CHUNK = 64
BURN_IN = 12  # exchanges that the mean square does not count: they are about the start
LEARNING_RATE = 3e-3
FINE_TUNING_RATE = 3e-4  # of weights that know something already
WARM_UP = 50
CLIP = 1.0
AVERAGING = 0.998
MSE_SHARE = torch.tensor([0.3, 0.7])
STUDENT_SHARE = torch.tensor([0.3, 0.4, 0.3], dtype=torch.float64)
FLOOR = 1e-9  # s: nobody is asked to be better


def forecasts(model, outlooks, hiddens, raw):
    """Stacked over the targets: plain, corrected, Student scale, deviation, truth."""
    lead = torch.stack([raw[..., SEEN + 2 * k] for k in range(TARGETS)], -1)
    truth = torch.stack([raw[..., SEEN + 1 + 2 * k] for k in range(TARGETS)], -1)
    return (*model.forecast(outlooks, hiddens, raw, lead), truth)


def measurement_loss(outlooks, sights, raw):
    """How likely the truth is under the network's reading of the exchange alone: its offset, moved by the shift, with its noise.
    The filter teaches the same, but slowly: through everything that it does with the exchange afterwards."""
    shift, noise = sights.unbind(-1)
    # The truth at the middle: that on arrival, carried back with the filter's rate.
    truth = raw[..., SEEN + 1] - raw[..., SEEN] * (outlooks[..., 1] + outlooks[..., 3]).detach()
    error = raw[..., 1] + shift - truth
    noise = noise + FLOOR**2
    return (0.5 * torch.log(noise) + 2.5 * torch.log1p(error * error / (4 * noise))).mean()


def loss_of(plain, corrected, scale, wide, truth, counted):
    """counted [T]: exchanges of which the mean square is taken."""
    error = corrected - truth
    square = (error * error)[counted][..., :2].mean(0) + FLOOR**2
    mse = 0.5 * (torch.log(square) * MSE_SHARE).sum(-1).mean()
    own = (plain - truth)[counted][..., :2]
    filter_alone = 0.5 * (torch.log((own * own).mean(0) + FLOOR**2) * MSE_SHARE).sum(-1).mean()
    ratio = error / scale
    student = ((torch.log(scale) + 2.5 * torch.log1p(ratio * ratio / 4)) * STUDENT_SHARE).sum(-1).mean()
    # Pinball loss of the 95 % quantile of |error|, on logarithms: quantiles survive that, and no outlier rules.
    missed = torch.log(error.detach().abs() + FLOOR) - torch.log(1.96 * wide)
    interval = (torch.maximum(0.95 * missed, -0.05 * missed) * STUDENT_SHARE).sum(-1).mean()
    return 0.6 * mse + 0.1 * filter_alone + 0.3 * student + 0.5 * interval


@torch.no_grad()
def validate(model, sequences, count):
    """What the averaged weights reach on sequences that training never sees."""
    raw, features = sequences.batch(np.arange(count))
    seen = raw[..., :SEEN]
    state = model.second(model.begin(seen[0]), seen[1])
    _, outlooks, hiddens, _ = model.chunk(state, seen[1:], features[1:])
    plain, corrected, scale, wide, truth = forecasts(model, outlooks, hiddens, raw[1:])
    late = slice(100, None)
    error = (corrected - truth)[late]
    rms = torch.sqrt((error * error).mean(0))
    own = torch.sqrt(((plain - truth)[late] ** 2).mean(0))
    measured = torch.sqrt(((raw[1:, :, 1] - truth[..., 0])[late] ** 2).mean(0))
    inside = (error.abs() <= 1.96 * wide[late]).double().mean((0, 1))
    geometric = lambda a: float(torch.exp(torch.log(a).mean()))
    return {
        "rms_us": [round(geometric(rms[:, k]) * 1e6, 3) for k in range(TARGETS)],
        "filter_rms_us": [round(geometric(own[:, k]) * 1e6, 3) for k in range(TARGETS)],
        "sample_over_rms": round(geometric(measured / rms[:, 0]), 3),
        "inside_95": [round(float(v), 4) for v in inside],
    }


def main():
    parser = argparse.ArgumentParser(description="Train the learned filter. Goes on from the last checkpoint in --out.")
    parser.add_argument("--train", required=True, help="sequences to learn from (chronotick lab dataset --seed 1 --count 32768)")
    parser.add_argument("--validate", required=True, help="fresh draws (chronotick lab dataset --seed 2 --count 512)")
    parser.add_argument("--out", required=True, help="directory of checkpoint, log and weights")
    parser.add_argument("--updates", type=int, default=3200, help="steps of the optimizer (default: 3200)")
    parser.add_argument("--from", dest="start", metavar="WEIGHTS", help="begin with these weights (safetensors)")
    parser.add_argument("--rate", type=float, help=f"largest learning rate (default: {LEARNING_RATE:g}, with --from {FINE_TUNING_RATE:g})")
    parser.add_argument("--batch", type=int, default=256, help="sequences at a time (default: 256)")
    parser.add_argument("--threads", type=int, default=1, help="processors (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="of weights and order (default: 1)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    # Gradients of what hardly matters are denormal numbers, with which processors are slow: a sixth of an update's time.
    torch.set_flush_denormal(True)
    torch.manual_seed(options.seed)
    training, fresh = Sequences(options.train), Sequences(options.validate)
    if training.seed == fresh.seed:
        raise SystemExit("training and validation sequences have the same seed: make the second with another --seed")
    os.makedirs(options.out, exist_ok=True)
    model, averaged = NeuralKalmanFilter(), NeuralKalmanFilter()
    if options.start:
        load_weights(model, options.start)
    averaged.load_state_dict(model.state_dict())
    rate = options.rate or (FINE_TUNING_RATE if options.start else LEARNING_RATE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    checkpoint = os.path.join(options.out, "checkpoint.pt")
    done, minutes = 0, 0.0
    if os.path.exists(checkpoint):
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        averaged.load_state_dict(saved["averaged"])
        optimizer.load_state_dict(saved["optimizer"])
        done, minutes = saved["done"], saved["minutes"]
        print(f"goes on after {done} updates", flush=True)
    log = open(os.path.join(options.out, "log.jsonl"), "a")
    begun = time.monotonic() - 60 * minutes
    chunks = (training.length - 1) // CHUNK
    running, skipped = None, 0
    while done < options.updates:
        # Which sequences come next depends on the count of updates alone, so that a run that was interrupted is the same run.
        order = np.random.default_rng([options.seed, done // chunks])
        raw, features = training.batch(order.choice(training.count, options.batch, replace=False))
        state = model.second(model.begin(raw[0, :, :SEEN]), raw[1, :, :SEEN])
        for c in range(chunks):
            at = slice(1 + c * CHUNK, 1 + (c + 1) * CHUNK)
            lr = rate * min(1, (done + 1) / WARM_UP) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done / options.updates, 1))))
            for group in optimizer.param_groups:
                group["lr"] = lr
            after, outlooks, hiddens, sights = model.chunk(state, raw[at, :, :SEEN], features[at])
            counted = torch.arange(1 + c * CHUNK, 1 + (c + 1) * CHUNK) >= BURN_IN
            loss = loss_of(*forecasts(model, outlooks, hiddens, raw[at]), counted) + 0.2 * measurement_loss(outlooks, sights, raw[at])
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            if torch.isfinite(norm) and torch.isfinite(loss):
                optimizer.step()
                value = float(loss)
                running = value if running is None else 0.98 * running + 0.02 * value
            else:
                skipped += 1
            keep = min(AVERAGING, (done + 1) / (done + 10))
            with torch.no_grad():
                for mean, now in zip(averaged.parameters(), model.parameters()):
                    mean.lerp_(now, 1 - keep)
            state = after.detached()
            done += 1
        if (done // chunks) % 30 == 0 or done >= options.updates:
            minutes = (time.monotonic() - begun) / 60
            row = {"updates": done, "minutes": round(minutes, 1), "loss": round(running, 4), "skipped": skipped, **validate(averaged, fresh, min(256, fresh.count))}
            log.write(json.dumps(row) + "\n")
            log.flush()
            print(json.dumps(row), flush=True)
            torch.save({"model": model.state_dict(), "averaged": averaged.state_dict(), "optimizer": optimizer.state_dict(), "done": done, "minutes": minutes}, checkpoint + ".new")
            os.replace(checkpoint + ".new", checkpoint)
        elif sys.stderr.isatty():
            print(f"\r{done} of {options.updates} updates, loss {running:.4f}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("interrupted; the same command goes on from the last checkpoint")
