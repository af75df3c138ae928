# SPDX-License-Identifier: Apache-2.0
"""The learned filter: a three-state Kalman filter (float64) whose measurement shift, noises and outlook a small recurrent
network sets at every exchange. io.chronotick.engine.TunedFilter is the same in Java; test vectors hold the two equal.

State: x = UTC - raw at the middle of the newest exchange (s), y its rate (s/s), z a rate's rate that decays with time constant tau (1/s).
"""
import math
from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

OPEN = 24  # features that Java computes
CLOSED = 16  # features of the filter's own state
INPUT = 48
HIDDEN = 64
MIDDLE = 48
OUTPUT = 11
HEAD = 32
LIMIT = 12.0
TAU_SHORT = 60.0
TAU_RATIO = 20_000.0 / 60.0


def transition(gap: Tensor, tau: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    """What z does to itself, to y and to x over a gap."""
    decay = torch.exp(-gap / tau)
    to_y = tau * (1 - decay)
    to_x = tau * (gap - to_y)
    return decay, to_y, to_x


class TunedFilter(nn.Module):
    def __init__(self):
        super().__init__()
        self.inputs = nn.Linear(OPEN + CLOSED, INPUT)
        self.gru_i = nn.Linear(INPUT, 3 * HIDDEN)
        self.gru_h = nn.Linear(HIDDEN, 3 * HIDDEN)
        self.middle = nn.Linear(HIDDEN + INPUT, MIDDLE)
        self.outputs = nn.Linear(MIDDLE, OUTPUT)
        self.head = nn.Linear(HIDDEN + 2, HEAD)
        self.heads = nn.Linear(HEAD, 3)
        with torch.no_grad():
            self.outputs.weight.mul_(0.1)
            self.outputs.bias.zero_()
            self.heads.weight.mul_(0.1)
            self.heads.bias.zero_()

    @torch.jit.export
    def begin(self, raw: Tensor) -> List[Tensor]:
        """State after the first exchange. raw: [B, 7] gap, offset, delay, scale, excess, smoothed gap, raised minimum."""
        offset, delay, scale = raw[:, 1], raw[:, 2], raw[:, 3]
        zero = torch.zeros_like(offset)
        sd = delay / 2 + scale
        hidden = torch.zeros(raw.shape[0], HIDDEN, dtype=self.inputs.weight.dtype)
        # x y z pxx pxy pxz pyy pyz pzz tau qx qy qz, newest surprise, its products (fast, slow), its squares (fast, slow), hidden,
        # means of the rate (fast, slow), exchanges, what the newest was read as: shift and noise
        return [offset, zero, zero, sd * sd, zero, zero, zero, zero, zero, zero + 600.0, zero, zero, zero,
                zero, zero, zero, zero + 1.0, zero + 1.0, hidden, zero, zero, zero + 1.0, zero, zero]

    @torch.jit.export
    def second(self, state: List[Tensor], raw: Tensor) -> List[Tensor]:
        """Before the second exchange: the rate can be anything that two points allow."""
        gap, offset = raw[:, 0], raw[:, 1]
        sd = 2 * (torch.sqrt(state[3]) + torch.abs(offset - state[0])) / gap
        state[6] = sd * sd
        return state

    @torch.jit.export
    def step(self, state: List[Tensor], raw: Tensor, features: Tensor) -> List[Tensor]:
        x, y, z, pxx, pxy, pxz, pyy, pyz, pzz, tau = state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7], state[8], state[9]
        surprise, product1, product2, square1, square2, hidden = state[13], state[14], state[15], state[16], state[17], state[18]
        mean1, mean2, exchanges = state[19], state[20], state[21] + 1.0
        gap, offset, scale, excess, rhythm, raised = raw[:, 0], raw[:, 1], raw[:, 3], raw[:, 4], raw[:, 5], raw[:, 6]
        decay, to_y, to_x = transition(gap, tau)
        x = x + gap * y + to_x * z
        y = y + to_y * z
        z = decay * z
        # P <- F P F', F = [1 gap to_x; 0 1 to_y; 0 0 decay]
        ax = pxx + gap * pxy + to_x * pxz
        ay = pxy + gap * pyy + to_x * pyz
        az = pxz + gap * pyz + to_x * pzz
        by = pyy + to_y * pyz
        bz = pyz + to_y * pzz
        pxx = ax + gap * ay + to_x * az
        pxy = ay + to_y * az
        pxz = decay * az
        pyy = by + to_y * bz
        pyz = decay * bz
        pzz = decay * decay * pzz

        innovation = offset - x
        tenth = 0.1 * scale
        relative = torch.asinh(innovation / scale)
        closed = torch.stack((
            relative,
            torch.asinh(innovation / (excess + tenth)),
            torch.asinh(innovation / torch.sqrt(pxx + tenth * tenth)),
            torch.log(torch.sqrt(torch.clamp(pxx, min=1e-40)) / scale + 1e-6),
            torch.log(torch.sqrt(torch.clamp(pyy, min=1e-40)) * rhythm / scale + 1e-6),
            torch.log(torch.sqrt(torch.clamp(pzz, min=1e-40)) * rhythm * rhythm / scale + 1e-6),
            relative * torch.asinh(excess / scale),
            torch.log(tau / 600.0),
            torch.asinh(innovation / (excess + raised + tenth)),
            product1,
            product2,
            torch.log(square1 + 0.01),
            torch.log(square2 + 0.01),
            torch.asinh((y - mean1) * rhythm / scale),
            torch.asinh((y - mean2) * rhythm / scale),
            torch.asinh(z * rhythm * rhythm / scale),
        ), 1).clamp(-LIMIT, LIMIT).to(features.dtype)
        u = F.silu(self.inputs(torch.cat((features, closed), 1)))
        gi = self.gru_i(u)
        gh = self.gru_h(hidden)
        reset = torch.sigmoid(gi[:, :HIDDEN] + gh[:, :HIDDEN])
        keep = torch.sigmoid(gi[:, HIDDEN:2 * HIDDEN] + gh[:, HIDDEN:2 * HIDDEN])
        new = torch.tanh(gi[:, 2 * HIDDEN:] + reset * gh[:, 2 * HIDDEN:])
        hidden = new + keep * (hidden - new)
        out = self.outputs(F.silu(self.middle(torch.cat((hidden, u), 1)))).double()

        bent = torch.tanh(out * self.slopes(out))
        shift = 1.2 * bent[:, 0] * excess + 2.0 * bent[:, 1] * scale + 1.2 * bent[:, 10] * raised
        r1 = excess * torch.exp(-0.5 + 3.0 * bent[:, 2])
        r2 = scale * torch.exp(-2.0 + 3.0 * bent[:, 3])
        r3 = innovation * torch.exp(-5.0 + 6.0 * bent[:, 4])
        jump = innovation * torch.exp(-8.0 + 9.0 * bent[:, 5])
        q1 = scale * torch.exp(-6.0 + 8.0 * bent[:, 6])
        q2 = scale * torch.exp(-6.0 + 10.0 * bent[:, 7]) / rhythm
        q3 = scale * torch.exp(-9.0 + 11.0 * bent[:, 8]) / (rhythm * rhythm)
        qx, qy, qz = q1 * q1 / rhythm, q2 * q2 / rhythm, q3 * q3 / rhythm
        tau = TAU_SHORT * torch.exp((0.5 + 0.5 * bent[:, 9]) * math.log(TAU_RATIO))

        g2, e2 = gap * gap, to_y * to_y
        pxx = pxx + jump * jump + qx * gap + qy * g2 * gap / 3 + qz * e2 * e2 * to_y / 20
        pxy = pxy + qy * g2 / 2 + qz * e2 * e2 / 8
        pxz = pxz + qz * e2 * to_y / 6
        pyy = pyy + qy * gap + qz * e2 * to_y / 3
        pyz = pyz + qz * e2 / 2
        pzz = pzz + qz * to_y

        noise = r1 * r1 + r2 * r2 + r3 * r3
        total = pxx + noise
        kx, ky, kz = pxx / total, pxy / total, pxz / total
        seen = innovation + shift
        # Whether the surprises are white and as large as was thought: what says that Q or R is wrong.
        fresh = (seen / torch.sqrt(total)).clamp(-4.0, 4.0)
        product, square = fresh * surprise, fresh * fresh
        y = y + ky * seen
        # The first rates are on their way.
        settling = 1.0 / torch.clamp(exchanges - 3.0, min=1.0)
        mean1 = mean1 + torch.clamp(settling, min=0.05) * (y - mean1)
        mean2 = mean2 + torch.clamp(settling, min=0.005) * (y - mean2)
        return [x + kx * seen, y, z + kz * seen,
                pxx - kx * pxx, pxy - kx * pxy, pxz - kx * pxz, pyy - ky * pxy, pyz - ky * pxz, pzz - kz * pxz,
                tau, qx, qy, qz,
                fresh, product1 + 0.05 * (product - product1), product2 + 0.01 * (product - product2),
                square1 + 0.05 * (square - square1), square2 + 0.01 * (square - square2), hidden,
                mean1, mean2, exchanges, shift, noise]

    def slopes(self, like: Tensor) -> Tensor:
        return torch.tensor([0.5, 0.5, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 0.25, 0.2, 0.2, 0.5, 0.5], dtype=like.dtype)

    @torch.jit.export
    def chunk(self, state: List[Tensor], raw: Tensor, features: Tensor) -> Tuple[List[Tensor], Tensor, Tensor, Tensor]:
        """Steps through raw [T, B, 7] and features [T, B, OPEN]; the states after each: [T, B, 13], hidden [T, B, HIDDEN], shift and noise [T, B, 2]."""
        states: List[Tensor] = []
        hiddens: List[Tensor] = []
        sights: List[Tensor] = []
        for t in range(raw.shape[0]):
            state = self.step(state, raw[t], features[t])
            states.append(torch.stack(state[:13], 1))
            hiddens.append(state[18])
            sights.append(torch.stack(state[22:], 1))
        return state, torch.stack(states), torch.stack(hiddens), torch.stack(sights)

    @torch.jit.export
    def forecast(self, states: Tensor, hidden: Tensor, raw: Tensor, lead: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
        """Offset at a lead after the middle of the exchange [...]: the filter's own, the corrected one, the scale of its
        Student law (4 degrees of freedom) and the deviation of which 1.96 hold the truth 95 % of the time."""
        x, y, z, pxx, pxy, pxz, pyy, pyz, pzz, tau, qx, qy, qz = states.unbind(-1)
        scale, rhythm = raw[..., 3], raw[..., 5]
        decay, to_y, to_x = transition(lead, tau)
        plain = x + lead * y + to_x * z
        ax = pxx + lead * pxy + to_x * pxz
        ay = pxy + lead * pyy + to_x * pyz
        az = pxz + lead * pyz + to_x * pzz
        e2 = to_y * to_y
        v = ax + lead * ay + to_x * az + qx * lead + qy * lead * lead * lead / 3 + qz * e2 * e2 * to_y / 20
        sd = torch.sqrt(torch.clamp(v, min=1e-24))
        more = torch.stack((torch.log(lead / rhythm + 1e-3), torch.log(sd / scale + 1e-6)), -1)
        more = more.clamp(-LIMIT, LIMIT).to(hidden.dtype)
        out = self.heads(F.silu(self.head(torch.cat((hidden, more), -1)))).double()
        corrected = plain + 2.0 * torch.tanh(out[..., 0] / 2) * sd
        spread = sd * torch.exp(4.0 * torch.tanh(out[..., 1] / 4))
        wide = sd * torch.exp(4.0 * torch.tanh(out[..., 2] / 4))
        return plain, corrected, spread, wide
