"""Answers to the exercises on trajectories and estimators."""

# mypy: ignore-errors

import math

import numpy as np


def _to_go(r):
    return np.cumsum(r[:, ::-1], axis=1)[:, ::-1]


def _standard(x):
    return (x - x.mean()) / (x.std() + 1e-8)


# ---------------------------------------------------------------- trajectory_log_likelihood


def _story(mu0, P, pi, s, a):
    total = math.log(mu0[s[0]])
    for h in range(len(s)):
        if pi[s[h]][a[h]] == 0:
            return -math.inf
        total += math.log(pi[s[h]][a[h]])
        if h + 1 < len(s):
            p = P[s[h]][a[h]][s[h + 1]]
            if p == 0:
                return -math.inf
            total += math.log(p)
    return total


def _product(mu0, P, pi, s, a):
    x = mu0[s[0]]
    for h in range(len(s)):
        x *= pi[s[h], a[h]]
    for h in range(len(s) - 1):
        x = x * P[s[h], a[h], s[h + 1]]
    return np.log(x)


def _all_factors(mu0, P, pi, s, a):
    factors = [mu0[s[0]]]
    factors += list(pi[s, a])
    factors += [P[i, j, k] for i, j, k in zip(s[:-1], a[:-1], s[1:], strict=True)]
    return np.sum(np.log(np.array(factors)))


L = "trajectory_log_likelihood"
RIGHT = {
    L: [
        _story,
        _product,
        _all_factors,
        lambda mu0, P, pi, s, a: np.array(_all_factors(mu0, P, pi, s, a), dtype=np.float32),
    ]
}
WRONG = {
    L: {
        "no_log": lambda mu0, P, pi, s, a: np.exp(_product(mu0, P, pi, s, a)),
        "sum_of_probabilities": lambda mu0, P, pi, s, a: (
            mu0[s[0]] + pi[s, a].sum() + P[s[:-1], a[:-1], s[1:]].sum()
        ),
        "log_of_sum": lambda mu0, P, pi, s, a: np.log(
            mu0[s[0]] + pi[s, a].sum() + P[s[:-1], a[:-1], s[1:]].sum()
        ),
        "log10": lambda mu0, P, pi, s, a: _product(mu0, P, pi, s, a) / np.log(10),
        "log2": lambda mu0, P, pi, s, a: _product(mu0, P, pi, s, a) / np.log(2),
        "mean_of_logs": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s, a]).mean() + np.log(P[s[:-1], a[:-1], s[1:]]).mean()
        ),
        "per_step": lambda mu0, P, pi, s, a: _product(mu0, P, pi, s, a) / len(s),
        "no_mu0": lambda mu0, P, pi, s, a: _product(mu0, P, pi, s, a) - np.log(mu0[s[0]]),
        "mu0_of_first_state": lambda mu0, P, pi, s, a: (
            _product(mu0, P, pi, s, a) - np.log(mu0[s[0]]) + np.log(mu0[0])
        ),
        "mu0_of_every_state": lambda mu0, P, pi, s, a: (
            np.log(mu0[s]).sum() + np.log(pi[s, a]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "mu0_not_logged": lambda mu0, P, pi, s, a: (
            mu0[s[0]] + np.log(pi[s, a]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "policy_only": lambda mu0, P, pi, s, a: np.log(pi[s, a]).sum(),
        "no_transitions": lambda mu0, P, pi, s, a: np.log(mu0[s[0]]) + np.log(pi[s, a]).sum(),
        "no_policy": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "negative": lambda mu0, P, pi, s, a: -_product(mu0, P, pi, s, a),
        "loop_stops_early": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]])
            + sum(
                np.log(pi[s[h], a[h]]) + np.log(P[s[h], a[h], s[h + 1]]) for h in range(len(s) - 1)
            )
        ),
        "wraps_around": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s, a]).sum() + np.log(P[s, a, np.roll(s, -1)]).sum()
        ),
        "index_out": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]])
            + sum(np.log(pi[s[h], a[h]] * P[s[h], a[h], s[h + 1]]) for h in range(len(s)))
        ),
        "next_action": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s, a]).sum() + np.log(P[s[:-1], a[1:], s[1:]]).sum()
        ),
        "transition_backwards": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s, a]).sum() + np.log(P[s[1:], a[:-1], s[:-1]]).sum()
        ),
        "guarded_log": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]] + 1e-8)
            + np.log(pi[s, a] + 1e-8).sum()
            + np.log(P[s[:-1], a[:-1], s[1:]] + 1e-8).sum()
        ),
        "skips_first_action": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]])
            + np.log(pi[s[1:], a[1:]]).sum()
            + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "pi_fancy_block": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s][:, a]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
    }
}

# ---------------------------------------------------------------------- reinforce_gradient


def _loops(scores, r):
    N, H, p = scores.shape
    g = [0.0] * p
    for n in range(N):
        R = sum(r[n])
        for h in range(H):
            for i in range(p):
                g[i] += scores[n, h, i] * R / N
    return g


RIGHT["reinforce_gradient"] = [
    _loops,
    lambda scores, r: np.einsum("nhp,nk->p", scores, r) / len(r),
    lambda scores, r: scores.sum(1).T @ r.sum(1) / r.shape[0],
    lambda scores, r: np.mean(
        [s.sum(0) * x.sum() for s, x in zip(scores.astype("f4"), r.astype("f4"), strict=True)], 0
    ),
]
WRONG["reinforce_gradient"] = {
    "sum_over_n": lambda s, r: (s.sum(1) * r.sum(1)[:, None]).sum(0),
    "mean_over_everything": lambda s, r: (s * r.sum(1)[:, None, None]).mean((0, 1)),
    "reward_at_each_step": lambda s, r: (s * r[:, :, None]).sum(1).mean(0),
    "reward_to_go": lambda s, r: (s * _to_go(r)[:, :, None]).sum(1).mean(0),
    "past_rewards": lambda s, r: (s * np.cumsum(r, 1)[:, :, None]).sum(1).mean(0),
    "means_multiplied": lambda s, r: s.sum(1).mean(0) * r.sum(1).mean(),
    "mean_return": lambda s, r: (s.sum(1) * r.mean(1)[:, None]).mean(0),
    "mean_score": lambda s, r: (s.mean(1) * r.sum(1)[:, None]).mean(0),
    "both_means": lambda s, r: (s.mean(1) * r.mean(1)[:, None]).mean(0),
    "minus": lambda s, r: -(s.sum(1) * r.sum(1)[:, None]).mean(0),
    "baseline": lambda s, r: (s.sum(1) * (r.sum(1) - r.sum(1).mean())[:, None]).mean(0),
    "standardised": lambda s, r: (s.sum(1) * _standard(r.sum(1))[:, None]).mean(0),
    "n_minus_one": lambda s, r: (s.sum(1) * r.sum(1)[:, None]).sum(0) / max(len(r) - 1, 1),
    "no_mean": lambda s, r: s.sum(1) * r.sum(1)[:, None],
    "no_newaxis": lambda s, r: (s.sum(1) * r.sum(1)).mean(0),
    "summed_over_p": lambda s, r: (s.sum((1, 2)) * r.sum(1)).mean(),
    "first_step_only": lambda s, r: (s[:, 0] * r.sum(1)[:, None]).mean(0),
    "last_step_only": lambda s, r: (s[:, -1] * r.sum(1)[:, None]).mean(0),
    "final_reward": lambda s, r: (s.sum(1) * r[:, -1][:, None]).mean(0),
    "total_over_batch": lambda s, r: s.sum((0, 1)) * r.sum() / len(r),
    "first_episode": lambda s, r: s[0].sum(0) * r[0].sum(),
    "wrong_axis": lambda s, r: (s.sum(0) * r.sum(0)[:, None]).mean(0),
    "discounted": lambda s, r: (
        s.sum(1) * (r * 0.99 ** np.arange(r.shape[1])).sum(1)[:, None]
    ).mean(0),
    "minus_mean_over_everything": lambda s, r: -(s * r.sum(1)[:, None, None]).mean((0, 1)),
}

# ----------------------------------------------------------------------------- reward_to_go


def _backwards(r):
    out = np.zeros_like(r)
    running = np.zeros(len(r))
    for h in reversed(range(r.shape[1])):
        running = running + r[:, h]
        out[:, h] = running
    return out


RIGHT["reward_to_go"] = [
    _backwards,
    lambda r: [[sum(x[h:]) for h in range(len(x))] for x in r.tolist()],
    lambda r: r @ np.tril(np.ones((r.shape[1], r.shape[1]))),
    lambda r: r.sum(1, keepdims=True) - np.cumsum(r, 1) + r,
    lambda r: np.einsum("nk,kh->nh", r.astype("f4"), np.tri(r.shape[1], dtype="f4")),
]


def _one_step_back(r):
    out = r.copy()
    for h in range(r.shape[1] - 1):
        out[:, h] = r[:, h] + r[:, h + 1]
    return out


def _never_carried(r):
    out = np.zeros_like(r)
    for h in range(r.shape[1] - 2, -1, -1):
        out[:, h] = r[:, h] + out[:, h + 1]
    return out


def _stops_at_one(r):
    out = np.zeros_like(r)
    out[:, -1] = r[:, -1]
    for h in range(r.shape[1] - 2, 0, -1):
        out[:, h] = r[:, h] + out[:, h + 1]
    return out


def _carry_over_episodes(r):
    out, running = np.zeros_like(r), 0.0
    for n in range(r.shape[0]):
        for h in reversed(range(r.shape[1])):
            running += r[n, h]
            out[n, h] = running
    return out


def _discounted(r, gamma=0.99):
    out, running = np.zeros_like(r), np.zeros(len(r))
    for h in reversed(range(r.shape[1])):
        running = r[:, h] + gamma * running
        out[:, h] = running
    return out


WRONG["reward_to_go"] = {
    "forward": lambda r: np.cumsum(r, 1),
    "not_flipped_back": lambda r: np.cumsum(r[:, ::-1], 1),
    "not_flipped_first": lambda r: np.cumsum(r, 1)[:, ::-1],
    "strictly_future": lambda r: r.sum(1, keepdims=True) - np.cumsum(r, 1),
    "whole_return": lambda r: np.repeat(r.sum(1, keepdims=True), r.shape[1], 1),
    "return_per_episode": lambda r: r.sum(1),
    "axis_zero": lambda r: np.cumsum(r[::-1], 0)[::-1],
    "reverses_episodes": lambda r: np.cumsum(r[::-1], 1)[::-1],
    "flat_cumsum": lambda r: np.cumsum(r[:, ::-1])[::-1].reshape(r.shape),
    "carry_over": _carry_over_episodes,
    "two_steps": _one_step_back,
    "last_zero": _never_carried,
    "first_zero": _stops_at_one,
    "discounted": _discounted,
    "averaged": lambda r: _to_go(r) / np.arange(r.shape[1], 0, -1),
    "mean_over_episodes": lambda r: _to_go(r).mean(0),
    "divided_by_h": lambda r: _to_go(r) / r.shape[1],
    "negative": lambda r: -_to_go(r),
    "excluding_present_shifted": lambda r: np.hstack([_to_go(r)[:, 1:], np.zeros((len(r), 1))]),
    "ints": lambda r: [[int(x) for x in row] for row in _to_go(r)],
    "unchanged": lambda r: r,
    "standardised": lambda r: _standard(_to_go(r)),
    "baseline": lambda r: _to_go(r) - _to_go(r).mean(0),
    "past_excluding_present": lambda r: np.cumsum(r, 1) - r,
    "flipped_both_axes": lambda r: np.cumsum(r[::-1, ::-1], 1)[:, ::-1],
    "transposed": lambda r: _to_go(r).T,
}

# ---------------------------------------------------------------------- discounted_gradient


def _loop_discounted(scores, Q, gamma):
    N, H, p = scores.shape
    g = np.zeros(p)
    for n in range(N):
        factor = 1.0
        for h in range(H):
            g += factor * Q[n, h] * scores[n, h]
            factor *= gamma
    return g / N


def _d(gamma, H, first=0):
    return gamma ** np.arange(first, H + first)


def _w(scores, x):
    return (scores * x[:, :, None]).sum(1).mean(0)


RIGHT["discounted_gradient"] = [
    _loop_discounted,
    lambda s, Q, gamma: np.einsum("nhp,nh,h->p", s, Q, _d(gamma, Q.shape[1])) / len(Q),
    lambda s, Q, gamma: np.tensordot(s, Q * _d(gamma, Q.shape[1]), ([0, 1], [0, 1])) / len(Q),
    lambda s, Q, gamma: list(_w(s.astype("f4"), (Q * _d(gamma, Q.shape[1])).astype("f4"))),
]
WRONG["discounted_gradient"] = {
    "no_gamma": lambda s, Q, g: _w(s, Q),
    "from_gamma_one": lambda s, Q, g: _w(s, Q * _d(g, Q.shape[1], 1)),
    "gamma_once": lambda s, Q, g: _w(s, g * Q),
    "reversed_powers": lambda s, Q, g: _w(s, Q * _d(g, Q.shape[1])[::-1]),
    "times_h": lambda s, Q, g: _w(s, Q * g * np.arange(Q.shape[1])),
    "divided": lambda s, Q, g: _w(s, Q / _d(g, Q.shape[1])),
    "squared": lambda s, Q, g: _w(s, Q * _d(g, Q.shape[1]) ** 2),
    "q_summed_again": lambda s, Q, g: _w(s, _d(g, Q.shape[1]) * _to_go(Q)),
    "q_discounted_sum": lambda s, Q, g: _w(s, _to_go(Q * _d(g, Q.shape[1]))),
    "q_discounted_to_go": lambda s, Q, g: _w(s, _discounted(Q, g)),
    "sum_over_n": lambda s, Q, g: _w(s, Q * _d(g, Q.shape[1])) * len(Q),
    "mean_of_all": lambda s, Q, g: (s * (Q * _d(g, Q.shape[1]))[:, :, None]).mean((0, 1)),
    "minus": lambda s, Q, g: -_w(s, Q * _d(g, Q.shape[1])),
    "total_score_total_q": lambda s, Q, g: (
        s.sum(1) * (Q * _d(g, Q.shape[1])).sum(1)[:, None]
    ).mean(0),
    "normalised": lambda s, Q, g: _w(s, Q * _d(g, Q.shape[1])) * (1 - g),
    "normalised_weights": lambda s, Q, g: _w(s, Q * _d(g, Q.shape[1])) / _d(g, Q.shape[1]).sum(),
    "standardised_q": lambda s, Q, g: _w(s, _standard(Q) * _d(g, Q.shape[1])),
    "centred_q": lambda s, Q, g: _w(s, (Q - Q.mean()) * _d(g, Q.shape[1])),
    "last_power": lambda s, Q, g: _w(s, Q * g ** Q.shape[1]),
    "last_power_minus_one": lambda s, Q, g: _w(s, Q * g ** (Q.shape[1] - 1)),
    "gamma_to_the_n": lambda s, Q, g: (
        (s * Q[:, :, None] * (g ** np.arange(len(Q)))[:, None, None]).sum(1).mean(0)
    ),
    "n_minus_one": lambda s, Q, g: _w(s, Q * _d(g, Q.shape[1])) * len(Q) / max(len(Q) - 1, 1),
    "no_mean": lambda s, Q, g: (s * (Q * _d(g, Q.shape[1]))[:, :, None]).sum(1),
    "scalar": lambda s, Q, g: (s * (Q * _d(g, Q.shape[1]))[:, :, None]).sum() / len(Q),
    "no_gamma_mean_of_all": lambda s, Q, g: (s * Q[:, :, None]).mean((0, 1)),
}

# ------------------------------------------------------------------------ baseline_gradient


def _loop_baseline(scores, r, b):
    N, H, p = scores.shape
    total = np.zeros(p)
    for n in range(N):
        R = 0.0
        for h in range(H - 1, -1, -1):
            R += r[n, h]
            total = total + scores[n, h] * (R - b[n, h])
    return total / N


RIGHT["baseline_gradient"] = [
    _loop_baseline,
    lambda s, r, b: np.einsum("nhp,nh->p", s, _to_go(r) - b) / len(r),
    lambda s, r, b: _w(s, _to_go(r)) - _w(s, b),
    lambda s, r, b: tuple(_w(s.astype("f4"), (_to_go(r) - b).astype("f4"))),
]
WRONG["baseline_gradient"] = {
    "no_baseline": lambda s, r, b: _w(s, _to_go(r)),
    "baseline_added": lambda s, r, b: _w(s, _to_go(r) + b),
    "other_sign": lambda s, r, b: _w(s, b - _to_go(r)),
    "whole_return": lambda s, r, b: _w(s, r.sum(1, keepdims=True) - b),
    "total_scores": lambda s, r, b: (s.sum(1) * (r.sum(1) - b.sum(1))[:, None]).mean(0),
    "own_reward": lambda s, r, b: _w(s, r - b),
    "own_reward_then_sum": lambda s, r, b: _w(s, _to_go(r - b)),
    "forward": lambda s, r, b: _w(s, np.cumsum(r, 1) - b),
    "mean_baseline": lambda s, r, b: _w(s, _to_go(r) - b.mean()),
    "batch_baseline": lambda s, r, b: _w(s, _to_go(r) - b.mean(0)),
    "own_mean": lambda s, r, b: _w(s, _to_go(r) - _to_go(r).mean(0)),
    "first_b": lambda s, r, b: _w(s, _to_go(r) - b[:, :1]),
    "next_b": lambda s, r, b: _w(s, _to_go(r) - np.hstack([b[:, 1:], np.zeros((len(b), 1))])),
    "previous_b": lambda s, r, b: _w(s, _to_go(r) - np.hstack([np.zeros((len(b), 1)), b[:, :-1]])),
    "b_rolled": lambda s, r, b: _w(s, _to_go(r) - np.roll(b, -1, 1)),
    "td": lambda s, r, b: _w(s, r + np.hstack([b[:, 1:], np.zeros((len(b), 1))]) - b),
    "strictly_future": lambda s, r, b: _w(s, _to_go(r) - r - b),
    "multiplied": lambda s, r, b: _w(s, _to_go(r) * b),
    "sum_over_n": lambda s, r, b: _w(s, _to_go(r) - b) * len(r),
    "mean_of_all": lambda s, r, b: (s * (_to_go(r) - b)[:, :, None]).mean((0, 1)),
    "standardised": lambda s, r, b: _w(s, _standard(_to_go(r) - b)),
    "standardised_returns": lambda s, r, b: _w(s, _standard(_to_go(r)) - b),
    "only_baseline": lambda s, r, b: _w(s, b),
    "minus_b_once": lambda s, r, b: _w(s, _to_go(r)) - b.mean(),
    "episodes_reversed": lambda s, r, b: _w(s, np.cumsum(r[::-1], 1)[::-1] - b),
    "not_flipped_back": lambda s, r, b: _w(s, np.cumsum(r[:, ::-1], 1) - b),
    "no_mean": lambda s, r, b: (s * (_to_go(r) - b)[:, :, None]).sum(1),
    "no_baseline_mean_of_all": lambda s, r, b: (s * _to_go(r)[:, :, None]).mean((0, 1)),
    "n_minus_one": lambda s, r, b: _w(s, _to_go(r) - b) * len(r) / max(len(r) - 1, 1),
}

# ------------------------------------------------------------------------------------- gae


def _delta(r, V, gamma, terminated):
    nxt = V[:, 1:].copy()
    nxt[terminated, -1] = 0
    return r + gamma * nxt - V[:, :-1]


def _back(d, k):
    out, running = np.zeros_like(d), np.zeros(len(d))
    for h in reversed(range(d.shape[1])):
        running = d[:, h] + k * running
        out[:, h] = running
    return out


def _gae_lists(r, V, gamma, lam, terminated):
    result = []
    for n in range(len(r)):
        row, A = [], 0.0
        for h in reversed(range(len(r[n]))):
            follow = 0.0 if terminated[n] and h == len(r[n]) - 1 else V[n][h + 1]
            A = r[n][h] + gamma * follow - V[n][h] + gamma * lam * A
            row.insert(0, A)
        result.append(row)
    return result


def _gae_matrix(r, V, gamma, lam, terminated):
    d = _delta(r, V, gamma, terminated)
    H = d.shape[1]
    i, j = np.indices((H, H))
    return np.einsum("nk,hk->nh", d, np.where(j >= i, (gamma * lam) ** np.maximum(j - i, 0), 0))


def _mask(r, V, gamma, lam, terminated):
    alive = np.ones_like(r)
    alive[:, -1] = 1 - terminated
    return _back(r + gamma * V[:, 1:] * alive - V[:, :-1], gamma * lam)


def _gae_first_axis(r, V, gamma, lam, terminated):
    adv = np.zeros(len(r))
    d = _delta(r, V, gamma, terminated)
    out = np.zeros_like(r)
    for h in range(r.shape[1]):
        adv = d[:, h] + gamma * lam * adv
        out[:, h] = adv
    return out


def _nonterminal_every_step(r, V, gamma, lam, terminated):
    keep = 1.0 - terminated
    out, running = np.zeros_like(r), np.zeros(len(r))
    for h in reversed(range(r.shape[1])):
        d = r[:, h] + gamma * V[:, h + 1] * keep - V[:, h]
        running = d + gamma * lam * keep * running
        out[:, h] = running
    return out


def _not_reset(r, V, gamma, lam, terminated):
    d, running = _delta(r, V, gamma, terminated), 0.0
    out = np.zeros_like(r)
    for n in range(len(r)):
        for h in reversed(range(r.shape[1])):
            running = d[n, h] + gamma * lam * running
            out[n, h] = running
    return out


def _off_by_one_loop(r, V, gamma, lam, terminated):
    d = _delta(r, V, gamma, terminated)
    out = np.zeros_like(r)
    out[:, -1] = d[:, -1]
    for h in range(r.shape[1] - 2, 0, -1):
        out[:, h] = d[:, h] + gamma * lam * out[:, h + 1]
    return out


RIGHT["gae"] = [
    _gae_lists,
    _gae_matrix,
    _mask,
    lambda r, V, gamma, lam, t: _back(_delta(r, V, gamma, t).astype("f4"), gamma * lam),
]
WRONG["gae"] = {
    "bootstraps_always": lambda r, V, g, l, t: _back(r + g * V[:, 1:] - V[:, :-1], g * l),
    "never_bootstraps": lambda r, V, g, l, t: _back(_delta(r, V, g, np.ones_like(t)), g * l),
    "inverted": lambda r, V, g, l, t: _back(_delta(r, V, g, ~t), g * l),
    "deltas": lambda r, V, g, l, t: _delta(r, V, g, t),
    "gamma_only": lambda r, V, g, l, t: _back(_delta(r, V, g, t), g),
    "lambda_only": lambda r, V, g, l, t: _back(_delta(r, V, g, t), l),
    "no_decay": lambda r, V, g, l, t: _back(_delta(r, V, g, t), 1.0),
    "forward": _gae_first_axis,
    "returns": lambda r, V, g, l, t: _back(_delta(r, V, g, t), g * l) + V[:, :-1],
    "no_gamma_in_delta": lambda r, V, g, l, t: _back(_delta(r, V, 1.0, t), g * l),
    "v_not_subtracted": lambda r, V, g, l, t: _back(_delta(r, V, g, t) + V[:, :-1], g * l),
    "v_minus_next": lambda r, V, g, l, t: _back(
        r - g * np.where(_last(r) * t[:, None], 0, V[:, 1:]) + V[:, :-1], g * l
    ),
    "minus": lambda r, V, g, l, t: -_back(_delta(r, V, g, t), g * l),
    "keep_everywhere": _nonterminal_every_step,
    "v_masked_everywhere": lambda r, V, g, l, t: _back(
        r + g * V[:, 1:] * (1 - t)[:, None] - V[:, :-1], g * l
    ),
    "accumulator_not_reset": _not_reset,
    "first_step_left_zero": _off_by_one_loop,
    "normalised": lambda r, V, g, l, t: _standard(_back(_delta(r, V, g, t), g * l)),
    "last_reward_masked": lambda r, V, g, l, t: _back(
        np.where(_last(r) * t[:, None], 0, r + g * V[:, 1:]) - V[:, :-1], g * l
    ),
    "delta_masked": lambda r, V, g, l, t: _back(
        np.where(_last(r) * t[:, None], 0, _delta(r, V, g, t)), g * l
    ),
    "monte_carlo": lambda r, V, g, l, t: _to_go(r) - V[:, :-1],
    "discounted_return_minus_v": lambda r, V, g, l, t: _discounted(r, g) - V[:, :-1],
    "next_v_shifted": lambda r, V, g, l, t: _back(r + g * V[:, :-1] - V[:, 1:], g * l),
    "one_minus_lambda": lambda r, V, g, l, t: (1 - l) * _back(_delta(r, V, g, t), g * l),
    "flipped": lambda r, V, g, l, t: _back(_delta(r, V, g, t), g * l)[:, ::-1],
    "undiscounted_values": lambda r, V, g, l, t: _back(_delta(r, V, 1.0, t), l),
    "only_first_row": lambda r, V, g, l, t: _back(_delta(r, V, g, t), g * l)[0],
    "bootstraps_always_and_minus": lambda r, V, g, l, t: (
        -_back(r + g * V[:, 1:] - V[:, :-1], g * l)
    ),
}


def _last(r):
    return np.arange(r.shape[1]) == r.shape[1] - 1
