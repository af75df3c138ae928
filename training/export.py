# SPDX-License-Identifier: Apache-2.0
"""Writes the averaged weights of a training run as safetensors, and test vectors that hold the Java filter to this one."""
import argparse
import os

import numpy as np
import torch

from data import SEEN, Sequences
from tuned_filter import NeuralKalmanFilter
from weights import write_safetensors

LEADS = [0.5, 16.0, 700.0]


@torch.no_grad()
def write_vectors(path, model, sequences, count, most):
    """A line an exchange: sequence, gap, offset, delay, then corrected offset and deviation at each of LEADS after its middle. Of half
    of the sequences the filter takes the clock to have a cycle."""
    length = min(most, sequences.length)
    raw, features = sequences.batch(np.arange(min(sequences.count, 256)))
    raw, features = raw[:length, :, :SEEN], features[:length].double()
    state = model.second(model.begin(raw[0]), raw[1])
    half, _, _, _ = model.chunk(state, raw[1:length // 2], features[1:length // 2])
    rounds = half.omega > 0
    chosen = torch.cat((torch.nonzero(rounds)[:count // 2, 0], torch.nonzero(~rounds)[:count - count // 2, 0]))
    raw, features = raw[:, chosen], features[:, chosen]
    state = model.second(model.begin(raw[0]), raw[1])
    _, outlooks, hiddens, _ = model.chunk(state, raw[1:], features[1:])
    told = [model.forecast(outlooks, hiddens, raw[1:], torch.full_like(raw[1:, :, :1], lead)) for lead in LEADS]
    with open(path, "w") as out:
        out.write("sequence,gap,offset,delay" + "".join(f",corrected_{lead:g},sd_{lead:g}" for lead in LEADS) + "\n")
        for b in range(len(chosen)):
            for t in range(length):
                values = [float(raw[t, b, k]) for k in range(3)]
                for _, corrected, _, wide in told:
                    values += [float(corrected[t - 1, b, 0]), float(wide[t - 1, b, 0])] if t else [0.0, 0.0]
                out.write(f"{b}," + ",".join(repr(v) for v in values) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Write the weights of a training run, and test vectors.")
    parser.add_argument("--checkpoint", required=True, help="checkpoint.pt of train.py")
    parser.add_argument("--weights", required=True, help="safetensors file to write")
    parser.add_argument("--vectors", help="test vectors to write (csv)")
    parser.add_argument("--sequences", help="what to make them of (chronotick lab dataset); with --vectors")
    options = parser.parse_args()
    saved = torch.load(options.checkpoint)
    model = NeuralKalmanFilter()
    model.load_state_dict(saved["averaged"])
    write_safetensors(options.weights, model.state_dict(), {"updates": str(saved["done"]), "format": "pt"})
    print(f"{options.weights}: {os.path.getsize(options.weights)} bytes, {saved['done']} updates")
    if options.vectors:
        write_vectors(options.vectors, model.double(), Sequences(options.sequences), 6, 200)


if __name__ == "__main__":
    main()
