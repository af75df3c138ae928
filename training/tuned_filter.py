# SPDX-License-Identifier: Apache-2.0
"""The learned filter: a five-state Kalman filter (float64) whose measurement shift, noises and outlook a small recurrent
network sets at every exchange. io.chronotick.engine.learned.NeuralKalmanFilter is the same in Java; test vectors hold the two equal.

State: x = UTC - raw at the middle of the newest exchange (s), y its rate (s/s), z a rate's rate that decays with time constant tau (1/s),
c and s a part of the rate that goes round with a period that CycleFinder finds, and its quadrature (s/s).
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

OPEN = 24  # features that Java computes
CLOSED = 22  # features of the filter's own state
INPUT = 56
HIDDEN = 96
MIDDLE = 56
OUTPUT = 12
HEAD = 32
LIMIT = 12.0
STATES = 5
TAU_SHORT = 60.0
TAU_RATIO = 20_000.0 / 60.0
CYCLE_MEMORY = 36_000.0  # s, that of CycleFinder: a cycle keeps its phase for so long
SAME_CYCLE = 0.2  # a period that moves by less than this part is that of the same cycle
OTHER_CYCLE = 20.0  # power over the median by which another cycle takes the place of one that is followed already
TUNING = 16  # exchanges after which the period is looked at again
SLOPES = torch.tensor([0.5, 0.5, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 0.25, 0.2, 0.2, 0.5, 0.5, 0.25])


def transition(gap, tau):
    """What z does to itself, to y and to x over a gap."""
    decay = torch.exp(-gap / tau)
    to_y = tau * (1 - decay)
    to_x = tau * (gap - to_y)
    return decay, to_y, to_x


def turn(gap, omega):
    """What c and s do over a gap: c to itself, s to c, and both to x. With u = c + i s, u' = -(a + i w) u."""
    a = 1 / CYCLE_MEMORY
    kept = torch.exp(-gap * a)
    own, across = kept * torch.cos(omega * gap), kept * torch.sin(omega * gap)
    size = a * a + omega * omega
    return own, across, (a * (1 - own) + omega * across) / size, (omega * (1 - own) - a * across) / size


class CycleFinder:
    """io.chronotick.engine.math.CycleFinder for many filters at once, in float64."""
    SHORTEST, LONGEST, RATIO, MEMORY, LINE, SETTLING = 400.0, 14_400.0, 1.02, 36_000.0, 10.0, 30
    CLIP, SCALE_MEMORY, CYCLES, EXCHANGES_PER_CYCLE = 4.0, 50.0, 3.0, 6.0
    PERIODS = int(math.log(LONGEST / SHORTEST) / math.log(RATIO)) + 1

    def __init__(self, count):
        self.omega = 2 * math.pi / (self.SHORTEST * self.RATIO ** torch.arange(self.PERIODS, dtype=torch.float64))
        self.real = torch.zeros(count, self.PERIODS, dtype=torch.float64)
        self.imaginary = torch.zeros_like(self.real)
        zero = torch.zeros(count, dtype=torch.float64)
        self.estimates, self.scale, self.seen, self.last, self.gap = 0, zero, zero, zero, zero

    @torch.no_grad()
    def add(self, dt, frequency):
        self.estimates += 1
        if self.estimates > self.SETTLING:
            self.seen = self.seen + dt
            increment = frequency - self.last
            size = increment.abs()
            self.scale = self.scale + (size - self.scale) / min(self.estimates - self.SETTLING, self.SCALE_MEMORY)
            increment = (torch.sign(increment) * torch.minimum(size, self.CLIP * self.scale))[:, None]
            phase = self.omega * self.seen[:, None]
            keep = torch.exp(-dt / self.MEMORY)[:, None]
            self.real.mul_(keep).addcmul_(increment, torch.cos(phase))
            self.imaginary.mul_(keep).addcmul_(increment, torch.sin(phase), value=-1)
            self.gap = dt if self.estimates == self.SETTLING + 1 else self.gap + 0.1 * (dt - self.gap)
        self.last = frequency

    def index(self, period):
        k = torch.ceil(torch.log(period.clamp(min=self.SHORTEST) / self.SHORTEST) / math.log(self.RATIO))
        return k.clamp(max=self.PERIODS).long()

    @torch.no_grad()
    def find(self):
        """Of each filter: the angular frequency of the strongest line, rad/s, 0 where none stands out; its power over the median, 0 where
        nothing can be told; the amplitude of the frequency that goes round with it, s/s."""
        first = self.index(self.gap * self.EXCHANGES_PER_CYCLE)
        end = self.index(self.seen.clamp(max=2 * self.MEMORY) / self.CYCLES)
        known = end - first >= 3
        k = torch.arange(self.PERIODS)
        power = self.real * self.real + self.imaginary * self.imaginary
        within = (k >= first[:, None]) & (k < end[:, None])
        ordered = torch.sort(power.masked_fill(~within, math.inf), 1)[0]
        middle = torch.div(first + end, 2, rounding_mode="floor") - first
        median = ordered.gather(1, middle.clamp(0, self.PERIODS - 1)[:, None])[:, 0]
        inner = (k > first[:, None]) & (k < end[:, None] - 1)
        best = torch.where(inner, power, -1.0).argmax(1).clamp(1, self.PERIODS - 2)
        around = power.gather(1, best[:, None] + torch.tensor([[-1, 0, 1]]))
        left, top, right = around.unbind(1)
        ratio = torch.where(known, top / median, 0.0).nan_to_num(0.0)
        line = (top >= left) & (top >= right) & (ratio >= self.LINE)
        left, top, right = left.sqrt(), top.sqrt(), right.sqrt()
        curvature = left - 2 * top + right
        shift = torch.where(curvature < 0, (left - right) / (2 * curvature), 0.0)
        omega = 2 * math.pi / (self.SHORTEST * self.RATIO ** (best + shift))
        amplitude = 2 * top / (omega * self.MEMORY * (1 - torch.exp(-self.seen / self.MEMORY)).clamp(min=1e-9))
        return torch.where(line, omega, 0.0), ratio, torch.where(line, amplitude, 0.0)


class State:
    """What a filter knows after an exchange; of many filters at once."""

    def __init__(self, **values):
        self.__dict__.update(values)

    def detached(self):
        return State(**{name: value.detach() if torch.is_tensor(value) else value for name, value in vars(self).items()})

    def outlook(self):
        """What a forecast is made of: [B, 5 + 25 + 5]."""
        return torch.cat((self.m, self.p.flatten(1), torch.stack((self.tau, self.qx, self.qy, self.qz, self.omega), 1)), 1)


class NeuralKalmanFilter(nn.Module):
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

    def begin(self, raw):
        """State after the first exchange. raw: [B, 7] gap, offset, delay, scale, excess, smoothed gap, raised minimum."""
        count, kind = raw.shape[0], self.inputs.weight.dtype
        offset, delay, scale = raw[:, 1], raw[:, 2], raw[:, 3]
        zero = torch.zeros_like(offset)
        sd = delay / 2 + scale
        m = torch.stack((offset, zero, zero, zero, zero), 1)
        p = torch.diag_embed(torch.stack((sd * sd, zero, zero, zero, zero), 1))
        return State(
            exchanges=1, m=m, p=p, tau=zero + 600.0, qx=zero, qy=zero, qz=zero, omega=zero, strength=zero, finder=CycleFinder(count),
            surprise=zero, product1=zero, product2=zero, square1=zero + 1, square2=zero + 1, mean1=zero, mean2=zero,
            hidden=torch.zeros(count, HIDDEN, dtype=kind), shift=zero, noise=zero)

    def second(self, state, raw):
        """Before the second exchange: the rate can be anything that two points allow."""
        gap, offset = raw[:, 0], raw[:, 1]
        sd = 2 * (torch.sqrt(state.p[:, 0, 0]) + torch.abs(offset - state.m[:, 0])) / gap
        state.p[:, 1, 1] = sd * sd
        return state

    def step(self, state, raw, features):
        gap, offset, scale, excess, rhythm, raised = raw[:, 0], raw[:, 1], raw[:, 3], raw[:, 4], raw[:, 5], raw[:, 6]
        zero = torch.zeros_like(gap)
        one = zero + 1
        exchanges = state.exchanges + 1
        decay, to_y, to_x = transition(gap, state.tau)
        own, across, from_c, from_s = turn(gap, state.omega)
        f = torch.stack((
            one, gap, to_x, from_c, from_s,
            zero, one, to_y, zero, zero,
            zero, zero, decay, zero, zero,
            zero, zero, zero, own, across,
            zero, zero, zero, -across, own), 1).view(-1, STATES, STATES)
        m = (f * state.m[:, None, :]).sum(2)
        p = f @ state.p @ f.transpose(1, 2)

        pxx, x, y, z = p[:, 0, 0], m[:, 0], m[:, 1], m[:, 2]
        innovation = offset - x
        tenth = 0.1 * scale
        relative = torch.asinh(innovation / scale)
        sd = torch.sqrt(torch.diagonal(p, dim1=1, dim2=2).clamp(min=1e-40))
        expected = torch.sqrt(pxx + tenth * tenth)
        swing = torch.where(state.omega > 0, 1 / state.omega, 0.0)  # from a rate that goes round to a phase that does
        closed = torch.stack((
            relative,
            torch.asinh(innovation / (excess + tenth)),
            torch.asinh(innovation / expected),
            torch.log(sd[:, 0] / scale + 1e-6),
            torch.log(sd[:, 1] * rhythm / scale + 1e-6),
            torch.log(sd[:, 2] * rhythm * rhythm / scale + 1e-6),
            relative * torch.asinh(excess / scale),
            torch.log(state.tau / 600.0),
            torch.asinh(innovation / (excess + raised + tenth)),
            state.product1,
            state.product2,
            torch.log(state.square1 + 0.01),
            torch.log(state.square2 + 0.01),
            torch.asinh((y - state.mean1) * rhythm / scale),
            torch.asinh((y - state.mean2) * rhythm / scale),
            torch.asinh(z * rhythm * rhythm / scale),
            # How far the prediction is within what the queues of either way allow.
            torch.asinh((excess + innovation) / expected),
            torch.asinh((excess - innovation) / expected),
            torch.log(1 + state.strength),
            torch.log(state.omega * rhythm + 1e-3),
            torch.log(sd[:, 3] * swing / scale + 1e-3),
            torch.log(torch.sqrt(m[:, 3] ** 2 + m[:, 4] ** 2 + 1e-40) * swing / scale + 1e-3),
        ), 1).clamp(-LIMIT, LIMIT).to(features.dtype)
        u = F.silu(self.inputs(torch.cat((features, closed), 1)))
        gi = self.gru_i(u)
        gh = self.gru_h(state.hidden)
        gates = torch.sigmoid(gi[:, :2 * HIDDEN] + gh[:, :2 * HIDDEN])
        new = torch.tanh(gi[:, 2 * HIDDEN:] + gates[:, :HIDDEN] * gh[:, 2 * HIDDEN:])
        hidden = new + gates[:, HIDDEN:] * (state.hidden - new)
        out = self.outputs(F.silu(self.middle(torch.cat((hidden, u), 1)))).double()

        bent = torch.tanh(out * SLOPES).unbind(1)
        shift = 1.2 * bent[0] * excess + 2.0 * bent[1] * scale + 1.2 * bent[10] * raised
        r1 = excess * torch.exp(-0.5 + 3.0 * bent[2])
        r2 = scale * torch.exp(-2.0 + 3.0 * bent[3])
        r3 = innovation * torch.exp(-5.0 + 6.0 * bent[4])
        jump = innovation * torch.exp(-8.0 + 9.0 * bent[5])
        q1 = scale * torch.exp(-6.0 + 8.0 * bent[6])
        q2 = scale * torch.exp(-6.0 + 10.0 * bent[7]) / rhythm
        q3 = scale * torch.exp(-9.0 + 11.0 * bent[8]) / (rhythm * rhythm)
        # A cycle's noise is counted in phase, and comes with the exchanges.
        q4 = scale * torch.exp(-6.0 + 8.0 * bent[11]) * state.omega
        qx, qy, qz, qc = q1 * q1 / rhythm, q2 * q2 / rhythm, q3 * q3 / rhythm, q4 * q4 / rhythm * gap
        tau = TAU_SHORT * torch.exp((0.5 + 0.5 * bent[9]) * math.log(TAU_RATIO))

        g2, e2 = gap * gap, to_y * to_y
        qxy = qy * g2 / 2 + qz * e2 * e2 / 8
        qxz = qz * e2 * to_y / 6
        qyz = qz * e2 / 2
        p = p + torch.stack((
            jump * jump + qx * gap + qy * g2 * gap / 3 + qz * e2 * e2 * to_y / 20, qxy, qxz, zero, zero,
            qxy, qy * gap + qz * e2 * to_y / 3, qyz, zero, zero,
            qxz, qyz, qz * to_y, zero, zero,
            zero, zero, zero, qc, zero,
            zero, zero, zero, zero, qc), 1).view(-1, STATES, STATES)

        noise = r1 * r1 + r2 * r2 + r3 * r3
        row = p[:, 0]
        total = row[:, 0] + noise
        gain = row / total[:, None]
        seen = innovation + shift
        # Whether the surprises are white and as large as was thought: what says that Q or R is wrong.
        fresh = (seen / torch.sqrt(total)).clamp(-4.0, 4.0)
        product, square = fresh * state.surprise, fresh * fresh
        m = m + gain * seen[:, None]
        p = p - gain[:, :, None] * row[:, None, :]
        finder, omega, strength = state.finder, state.omega, state.strength
        finder.add(gap, (m[:, 1] + m[:, 3]).detach())
        if exchanges % TUNING == 0:
            m, p, omega, strength = self.tune(m, p, omega, *finder.find())
        y = m[:, 1]
        # The first rates are on their way.
        settling = 1.0 / max(exchanges - 3, 1)
        return State(
            exchanges=exchanges, m=m, p=p, tau=tau, qx=qx, qy=qy, qz=qz, omega=omega, strength=strength, finder=finder, surprise=fresh,
            product1=state.product1 + 0.05 * (product - state.product1), product2=state.product2 + 0.01 * (product - state.product2),
            square1=state.square1 + 0.05 * (square - state.square1), square2=state.square2 + 0.01 * (square - state.square2),
            mean1=state.mean1 + max(settling, 0.05) * (y - state.mean1), mean2=state.mean2 + max(settling, 0.005) * (y - state.mean2),
            hidden=hidden, shift=shift, noise=noise)

    @staticmethod
    def tune(m, p, omega, found, strength, amplitude):
        """Follows the period of the cycle. Where it is another cycle, what went round in the old one becomes part of the rate."""
        same = (found > 0) & (omega > 0) & ((found / omega.clamp(min=1e-9) - 1).abs() <= SAME_CYCLE)
        other = (found > 0) & ~same & ((omega == 0) | (strength >= OTHER_CYCLE))
        if bool(other.any()):
            fold = torch.diag(torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0], dtype=m.dtype))
            fold[1, 3] = 1
            fold = torch.where(other[:, None, None], fold, torch.eye(STATES, dtype=m.dtype))
            m = (fold * m[:, None, :]).sum(2)
            square = torch.where(other, amplitude * amplitude, 0.0)
            zero = torch.zeros_like(square)
            p = fold @ p @ fold.transpose(1, 2) + torch.diag_embed(torch.stack((zero, zero, zero, square, square), 1))
        return m, p, torch.where(same | other, found, omega), strength

    def chunk(self, state, raw, features):
        """Steps through raw [T, B, 7] and features [T, B, OPEN]; the outlooks after each [T, B, 35], hidden [T, B, HIDDEN], shift and noise [T, B, 2]."""
        outlooks, hiddens, sights = [], [], []
        for t in range(raw.shape[0]):
            state = self.step(state, raw[t], features[t])
            outlooks.append(state.outlook())
            hiddens.append(state.hidden)
            sights.append(torch.stack((state.shift, state.noise), 1))
        return state, torch.stack(outlooks), torch.stack(hiddens), torch.stack(sights)

    def forecast(self, outlook, hidden, raw, lead):
        """Offset at leads [..., K] after the middle of the exchange [...]: the filter's own, the corrected one, the scale of its
        Student law (4 degrees of freedom) and the deviation of which 1.96 hold the truth 95 % of the time."""
        m, p = outlook[..., :STATES], outlook[..., STATES:STATES + STATES ** 2].unflatten(-1, (STATES, STATES))
        tau, qx, qy, qz, omega = outlook[..., -5:].unsqueeze(-2).unbind(-1)
        scale, rhythm = raw[..., 3:4], raw[..., 5:6]
        _, to_y, to_x = transition(lead, tau)
        _, _, from_c, from_s = turn(lead, omega)
        f = torch.stack((torch.ones_like(lead), lead, to_x, from_c, from_s), -1)
        plain = (f * m.unsqueeze(-2)).sum(-1)
        e2 = to_y * to_y
        v = ((f @ p) * f).sum(-1) + qx * lead + qy * lead * lead * lead / 3 + qz * e2 * e2 * to_y / 20
        sd = torch.sqrt(torch.clamp(v, min=1e-24))
        more = torch.stack((torch.log(lead / rhythm + 1e-3), torch.log(sd / scale + 1e-6)), -1)
        more = more.clamp(-LIMIT, LIMIT).to(hidden.dtype)
        # The head's part of the hidden state is the same for every lead.
        known = F.linear(hidden, self.head.weight[:, :HIDDEN], self.head.bias).unsqueeze(-2)
        out = self.heads(F.silu(known + F.linear(more, self.head.weight[:, HIDDEN:]))).double()
        corrected = plain + 2.0 * torch.tanh(out[..., 0] / 2) * sd
        spread = sd * torch.exp(4.0 * torch.tanh(out[..., 1] / 4))
        wide = sd * torch.exp(4.0 * torch.tanh(out[..., 2] / 4))
        return plain, corrected, spread, wide
