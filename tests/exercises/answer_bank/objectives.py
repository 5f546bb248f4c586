"""Answers to the exercises on weights, divergences and the objectives of TRPO and PPO."""

# mypy: ignore-errors

import math

import numpy as np


def _standard(x):
    return (x - x.mean()) / (x.std() + 1e-8)


# --------------------------------------------------------------------- performance_difference


def _pd_loops(d, pi, A):
    H, S, n = pi.shape
    total = 0.0
    for h in range(H):
        for s in range(S):
            for a in range(n):
                total += d[h, s] * pi[h, s, a] * A[h, s, a]
    return total


def _pd(d, pi, A):
    return np.einsum("hs,hsa,hsa->", d, pi, A)


RIGHT = {
    "performance_difference": [
        _pd_loops,
        _pd,
        lambda d, pi, A: sum(d[h] @ (pi[h] * A[h]).sum(1) for h in range(len(d))),
        lambda d, pi, A: np.sum(d[..., None] * pi * A, dtype=np.float32),
    ]
}
WRONG = {
    "performance_difference": {
        "mean_over_steps": lambda d, pi, A: _pd(d, pi, A) / len(d),
        "mean_over_states": lambda d, pi, A: (d * (pi * A).sum(2)).mean(1).sum(),
        "mean_over_actions": lambda d, pi, A: (d * (pi * A).mean(2)).sum(),
        "no_d": lambda d, pi, A: (pi * A).sum(),
        "no_pi": lambda d, pi, A: (d[..., None] * A).sum(),
        "no_pi_mean": lambda d, pi, A: (d * A.mean(2)).sum(),
        "max_over_actions": lambda d, pi, A: (d * A.max(2)).sum(),
        "greedy": lambda d, pi, A: sum(
            d[h, s] * A[h, s, pi[h, s].argmax()] for h in range(len(d)) for s in range(d.shape[1])
        ),
        "first_d": lambda d, pi, A: (d[0] * (pi * A).sum(2)).sum(),
        "last_d": lambda d, pi, A: (d[-1] * (pi * A).sum(2)).sum(),
        "mean_d": lambda d, pi, A: (d.mean(0) * (pi * A).sum(2)).sum(),
        "first_step": lambda d, pi, A: d[0] @ (pi[0] * A[0]).sum(1),
        "last_step": lambda d, pi, A: d[-1] @ (pi[-1] * A[-1]).sum(1),
        "skips_last": lambda d, pi, A: _pd(d[:-1], pi[:-1], A[:-1]),
        "minus": lambda d, pi, A: -_pd(d, pi, A),
        "per_step": lambda d, pi, A: (d * (pi * A).sum(2)).sum(1),
        "per_state": lambda d, pi, A: (d * (pi * A).sum(2)).sum(0),
        "pi_squared": lambda d, pi, A: (d * (pi**2 * A).sum(2)).sum(),
        "d_squared": lambda d, pi, A: (d**2 * (pi * A).sum(2)).sum(),
        "mean_of_all": lambda d, pi, A: (d[..., None] * pi * A).mean(),
        "uniform_states": lambda d, pi, A: (pi * A).sum(2).mean(1).sum(),
        "sums_multiplied": lambda d, pi, A: d.sum() * (pi * A).sum(),
        "absolute": lambda d, pi, A: (d * np.abs((pi * A).sum(2))).sum(),
        "discounted": lambda d, pi, A: (
            0.99 ** np.arange(len(d))[:, None] * d * (pi * A).sum(2)
        ).sum(),
        "d_shifted": lambda d, pi, A: (np.roll(d, 1, 0) * (pi * A).sum(2)).sum(),
        "normalised_d": lambda d, pi, A: (d / d.sum() * (pi * A).sum(2)).sum(),
    }
}

# -------------------------------------------------------------------- importance_sampling_mean

RIGHT["importance_sampling_mean"] = [
    lambda f, p, q: sum(x * y / z for x, y, z in zip(f, p, q, strict=True)) / len(f),
    lambda f, p, q: np.dot(f, np.exp(np.log(p) - np.log(q))) / f.size,
    lambda f, p, q: np.einsum("n,n,n->", f, p, 1 / q) / len(q),
    lambda f, p, q: (f.astype("f4") * p.astype("f4") / q.astype("f4")).mean(keepdims=True)[0],
]
WRONG["importance_sampling_mean"] = {
    "inverted": lambda f, p, q: (q / p * f).mean(),
    "no_weights": lambda f, p, q: f.mean(),
    "sum": lambda f, p, q: (p / q * f).sum(),
    "self_normalised": lambda f, p, q: (p / q * f).sum() / (p / q).sum(),
    "p_weights": lambda f, p, q: (p * f).sum(),
    "p_weights_mean": lambda f, p, q: (p * f).mean(),
    "q_weights": lambda f, p, q: (q * f).sum(),
    "q_weights_mean": lambda f, p, q: (q * f).mean(),
    "over_q": lambda f, p, q: (f / q).mean(),
    "product": lambda f, p, q: (p * q * f).mean(),
    "expectation_under_q": lambda f, p, q: (q * p / q * f).sum(),
    "ratio_of_means": lambda f, p, q: p.mean() / q.mean() * f.mean(),
    "means_multiplied": lambda f, p, q: (p / q).mean() * f.mean(),
    "difference": lambda f, p, q: ((p - q) * f).mean(),
    "log_ratio": lambda f, p, q: (np.log(p / q) * f).mean(),
    "ratio_of_logs": lambda f, p, q: (np.log(p) / np.log(q) * f).mean(),
    "trajectory_ratio": lambda f, p, q: (np.prod(p) / np.prod(q)) * f.mean(),
    "cumulative_ratio": lambda f, p, q: (np.cumprod(p / q) * f).mean(),
    "no_mean": lambda f, p, q: p / q * f,
    "broadcast": lambda f, p, q: ((p / q).reshape(-1, 1) * f).mean(),
    "clipped": lambda f, p, q: (np.clip(p / q, 0, 1) * f).mean(),
    "n_minus_one": lambda f, p, q: (p / q * f).sum() / (len(f) - 1),
    "minus": lambda f, p, q: -(p / q * f).mean(),
    "weights_only": lambda f, p, q: (p / q).mean(),
    "normalised_then_mean": lambda f, p, q: (p / q / (p / q).sum() * f).mean(),
    "exp_missing": lambda f, p, q: ((np.log(p) - np.log(q)) * f).mean(),
    "self_normalised_inverted": lambda f, p, q: (q / p * f).sum() / (q / p).sum(),
    "median": lambda f, p, q: np.median(p / q * f),
}

# ----------------------------------------------------------------------- effective_sample_size

RIGHT["effective_sample_size"] = [
    lambda w: sum(w) ** 2 / sum(x * x for x in w),
    lambda w: 1 / np.sum((w / w.sum()) ** 2),
    lambda w: np.square(w.sum()) / np.dot(w, w),
    lambda w: (w.astype("f4").mean() ** 2 / (w.astype("f4") ** 2).mean()) * len(w),
]
WRONG["effective_sample_size"] = {
    "not_squared": lambda w: w.sum() / (w**2).sum(),
    "squares_both": lambda w: (w**2).sum() / (w**2).sum(),
    "upside_down": lambda w: (w**2).sum() / w.sum() ** 2,
    "fraction": lambda w: w.sum() ** 2 / (w**2).sum() / len(w),
    "count": lambda w: len(w),
    "means": lambda w: w.mean() ** 2 / (w**2).mean(),
    "assumes_normalised": lambda w: 1 / (w**2).sum(),
    "sum": lambda w: w.sum(),
    "square_of_sum": lambda w: w.sum() ** 2,
    "sum_of_squares_on_top": lambda w: (w**2).sum() / w.sum(),
    "variance": lambda w: len(w) / (1 + w.var()),
    "variance_ratio": lambda w: len(w) / (1 + w.var(ddof=1) / w.mean() ** 2),
    "root": lambda w: np.sqrt(w.sum() ** 2 / (w**2).sum()),
    "same_sum": lambda w: w.sum() ** 2 / w.sum() ** 2,
    "fourth": lambda w: (w.sum() ** 2 / (w**2).sum()) ** 2,
    "mean_on_top": lambda w: w.mean() ** 2 / (w**2).sum(),
    "mean_below": lambda w: w.sum() ** 2 / (w**2).mean(),
    "entropy": lambda w: np.exp(-(w / w.sum() * np.log(w / w.sum())).sum()),
    "over_max": lambda w: w.sum() / w.max(),
    "elementwise": lambda w: w**2 / (w**2).sum(),
    "normalised_sum": lambda w: (w / w.sum()).sum() ** 2 / (w**2).sum(),
    "one_minus": lambda w: 1 - (w**2).sum() / w.sum() ** 2,
    "normalised_fraction_inverted": lambda w: len(w) * (w**2).sum() / w.sum() ** 2,
}

# ------------------------------------------------------------------------------ kl_divergence


def _kl_loop(p, q):
    total = 0.0
    for x, y in zip(p.tolist(), q.tolist(), strict=True):
        if x == 0:
            continue
        if y == 0:
            return math.inf
        total += x * math.log(x / y)
    return total


def _kl_where(p, q):
    with np.errstate(all="ignore"):
        terms = np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0)
    return terms.sum()


def _kl(p, q):
    return np.sum(p * np.log(p / q))


RIGHT["kl_divergence"] = [
    _kl_loop,
    _kl_where,
    lambda p, q: sum(x * np.log(x / y) for x, y in zip(p, q, strict=True) if x > 0),
    lambda p, q: np.float32(_kl_where(p, q)),
    lambda p, q: np.nansum(p * np.log(p / q)),
]
WRONG["kl_divergence"] = {
    "swapped": lambda p, q: _kl_loop(q, p),
    "log2": lambda p, q: _kl_loop(p, q) / math.log(2),
    "log10": lambda p, q: _kl_loop(p, q) / math.log(10),
    "unguarded": _kl,
    "epsilon": lambda p, q: np.sum(p * np.log((p + 1e-10) / (q + 1e-10))),
    "epsilon_q": lambda p, q: np.sum(p[p > 0] * np.log(p[p > 0] / (q[p > 0] + 1e-12))),
    "nan_to_num": lambda p, q: np.nan_to_num(p * np.log(p / q)).sum(),
    "both_positive": lambda p, q: _kl(p[(p > 0) & (q > 0)], q[(p > 0) & (q > 0)]),
    "minus": lambda p, q: -_kl_loop(p, q),
    "inverted_ratio": lambda p, q: np.sum(p * np.log(q / p)),
    "mean": lambda p, q: np.mean(p * np.log(p / q)),
    "no_weights": lambda p, q: np.sum(np.log(p / q)),
    "mean_log_ratio": lambda p, q: np.mean(np.log(p / q)),
    "q_weights": lambda p, q: np.sum(q * np.log(p / q)),
    "cross_entropy": lambda p, q: -np.sum(p * np.log(q)),
    "entropy": lambda p, q: -np.sum(p * np.log(p)),
    "entropies_difference": lambda p, q: np.sum(p * np.log(p)) - np.sum(q * np.log(q)),
    "ratio_of_logs": lambda p, q: np.sum(p * np.log(p) / np.log(q)),
    "symmetric": lambda p, q: _kl(p, q) + _kl(q, p),
    "jeffreys_half": lambda p, q: (_kl(p, q) + _kl(q, p)) / 2,
    "total_variation": lambda p, q: np.abs(p - q).sum() / 2,
    "squared": lambda p, q: ((p - q) ** 2).sum(),
    "no_sum": lambda p, q: p * np.log(p / q),
    "absolute": lambda p, q: np.sum(np.abs(p * np.log(p / q))),
    "no_log": lambda p, q: np.sum(p * p / q),
    "chi_squared": lambda p, q: np.sum((p - q) ** 2 / q),
    "zero_for_inf": lambda p, q: 0.0 if np.any((q == 0) & (p > 0)) else _kl_where(p, q),
    "inf_whenever_q_zero": lambda p, q: math.inf if np.any(q == 0) else _kl_where(p, q),
    "inf_whenever_p_zero": lambda p, q: math.inf if np.any(p == 0) else _kl_loop(p, q),
    "swapped_log2": lambda p, q: _kl_loop(q, p) / math.log(2),
}

# ----------------------------------------------------------------------------- trpo_surrogate


def _u(n, o):
    return np.exp(n - o)


def _m(x):
    return x.sum(1).mean()


def _surrogate_loop(n, o, A):
    return sum(
        math.exp(n[i, h] - o[i, h]) * A[i, h] for i in range(len(A)) for h in range(A.shape[1])
    ) / len(A)


RIGHT["trpo_surrogate"] = [
    _surrogate_loop,
    lambda n, o, A: np.einsum("nh,nh->", np.exp(n) / np.exp(o), A) / len(A),
    lambda n, o, A: np.mean(np.sum(_u(n, o) * A, axis=-1)),
    lambda n, o, A: _m(_u(n, o).astype("f4") * A.astype("f4")),
]
WRONG["trpo_surrogate"] = {
    "inverted": lambda n, o, A: _m(_u(o, n) * A),
    "log_ratio": lambda n, o, A: _m((n - o) * A),
    "ratio_of_logs": lambda n, o, A: _m(n / o * A),
    "exp_of_ratio_of_logs": lambda n, o, A: _m(np.exp(n / o) * A),
    "new_log": lambda n, o, A: _m(n * A),
    "new_probability": lambda n, o, A: _m(np.exp(n) * A),
    "no_ratio": lambda n, o, A: _m(A),
    "trajectory_ratio": lambda n, o, A: (np.exp((n - o).sum(1)) * A.sum(1)).mean(),
    "cumulative_ratio": lambda n, o, A: _m(np.exp(np.cumsum(n - o, 1)) * A),
    "mean_of_all": lambda n, o, A: (_u(n, o) * A).mean(),
    "sum_of_all": lambda n, o, A: (_u(n, o) * A).sum(),
    "minus": lambda n, o, A: -_m(_u(n, o) * A),
    "minus_mean_of_all": lambda n, o, A: -(_u(n, o) * A).mean(),
    "standardised": lambda n, o, A: _m(_u(n, o) * _standard(A)),
    "centred": lambda n, o, A: _m(_u(n, o) * (A - A.mean())),
    "less_one": lambda n, o, A: _m((_u(n, o) - 1) * A),
    "clipped": lambda n, o, A: _m(np.minimum(_u(n, o) * A, np.clip(_u(n, o), 0.8, 1.2) * A)),
    "per_episode": lambda n, o, A: (_u(n, o) * A).sum(1),
    "per_step": lambda n, o, A: (_u(n, o) * A).mean(0),
    "self_normalised": lambda n, o, A: (_u(n, o) * A).sum() / _u(n, o).sum(),
    "exp_difference_of_probabilities": lambda n, o, A: _m((np.exp(n) - np.exp(o)) * A),
    "ratio_as_given": lambda n, o, A: _m(np.exp(n) / o * A),
    "mean_ratio_times_mean": lambda n, o, A: _u(n, o).mean() * A.mean(),
    "n_minus_one": lambda n, o, A: (_u(n, o) * A).sum() / max(len(A) - 1, 1),
    "mean_over_n_then_h": lambda n, o, A: (_u(n, o) * A).sum(0).mean(),
    "exp_plus": lambda n, o, A: _m(np.exp(n + o) * A),
    "log_ratio_mean_of_all": lambda n, o, A: ((n - o) * A).mean(),
}

# ---------------------------------------------------------------------- ppo_penalty_objective


def _penalty_loop(n, o, A, lam):
    total = 0.0
    for i in range(len(A)):
        for h in range(len(A[i])):
            total += math.exp(n[i][h] - o[i][h]) * A[i][h] - lam * math.log(1 / math.exp(n[i][h]))
    return total / len(A)


RIGHT["ppo_penalty_objective"] = [
    _penalty_loop,
    lambda n, o, A, lam: (np.exp(n - o) * A).sum() / len(A) + lam * n.sum() / len(n),
    lambda n, o, A, lam: np.mean(np.sum(np.exp(n) / np.exp(o) * A + lam * n, axis=1)),
    lambda n, o, A, lam: (_u(n, o) * A + lam * n).astype("f4").sum(1).mean(),
]
WRONG["ppo_penalty_objective"] = {
    "other_sign": lambda n, o, A, lam: _m(_u(n, o) * A - lam * n),
    "no_penalty": lambda n, o, A, lam: _m(_u(n, o) * A),
    "old_log": lambda n, o, A, lam: _m(_u(n, o) * A + lam * o),
    "log_ratio_penalty": lambda n, o, A, lam: _m(_u(n, o) * A - lam * (n - o)),
    "with_constant": lambda n, o, A, lam: _m(_u(n, o) * A - lam * (o - n)),
    "lam_missing": lambda n, o, A, lam: _m(_u(n, o) * A + n),
    "lam_divides": lambda n, o, A, lam: _m(_u(n, o) * A + n / lam),
    "probability": lambda n, o, A, lam: _m(_u(n, o) * A + lam * np.exp(n)),
    "one_over_pi": lambda n, o, A, lam: _m(_u(n, o) * A - lam / np.exp(n)),
    "log_of_one_over_log": lambda n, o, A, lam: _m(_u(n, o) * A - lam * np.log(1 / np.abs(n))),
    "inverted": lambda n, o, A, lam: _m(_u(o, n) * A + lam * n),
    "log_ratio": lambda n, o, A, lam: _m((n - o) * A + lam * n),
    "ratio_of_logs": lambda n, o, A, lam: _m(n / o * A + lam * n),
    "no_ratio": lambda n, o, A, lam: _m(A + lam * n),
    "mean_of_all": lambda n, o, A, lam: (_u(n, o) * A + lam * n).mean(),
    "sum_of_all": lambda n, o, A, lam: (_u(n, o) * A + lam * n).sum(),
    "penalty_once": lambda n, o, A, lam: _m(_u(n, o) * A) + lam * n.mean(),
    "penalty_not_averaged": lambda n, o, A, lam: _m(_u(n, o) * A) + lam * n.sum(),
    "minus": lambda n, o, A, lam: -_m(_u(n, o) * A + lam * n),
    "standardised": lambda n, o, A, lam: _m(_u(n, o) * _standard(A) + lam * n),
    "entropy": lambda n, o, A, lam: _m(_u(n, o) * A - lam * np.exp(n) * n),
    "lam_on_both": lambda n, o, A, lam: lam * _m(_u(n, o) * A + n),
    "trajectory_ratio": lambda n, o, A, lam: (
        np.exp((n - o).sum(1)) * A.sum(1) + lam * n.sum(1)
    ).mean(),
    "one_minus_lam": lambda n, o, A, lam: _m((1 - lam) * _u(n, o) * A + lam * n),
    "per_episode": lambda n, o, A, lam: (_u(n, o) * A + lam * n).sum(1),
    "quadratic": lambda n, o, A, lam: _m(_u(n, o) * A - lam * (n - o) ** 2 / 2),
    "new_probability": lambda n, o, A, lam: _m(np.exp(n) * A + lam * n),
    "ratio_kl": lambda n, o, A, lam: _m(_u(n, o) * A - lam * _u(n, o) * (n - o)),
    "other_sign_mean_of_all": lambda n, o, A, lam: (_u(n, o) * A - lam * n).mean(),
}

# -------------------------------------------------------------------------- ppo_clip_objective


def _c(u, eps):
    return np.clip(u, 1 - eps, 1 + eps)


def _clip_loop(n, o, A, eps):
    total = 0.0
    for i, h in np.ndindex(*A.shape):
        u = math.exp(n[i, h] - o[i, h])
        total += min(u * A[i, h], max(1 - eps, min(1 + eps, u)) * A[i, h])
    return total / len(A)


def _clip_cases(n, o, A, eps):
    u = _u(n, o)
    x = np.where(A >= 0, np.minimum(u, 1 + eps), np.maximum(u, 1 - eps)) * A
    return x.sum(axis=1).mean()


RIGHT["ppo_clip_objective"] = [
    _clip_loop,
    _clip_cases,
    lambda n, o, A, eps: np.mean(
        np.sum(
            np.where(_u(n, o) * A < _c(_u(n, o), eps) * A, _u(n, o) * A, _c(_u(n, o), eps) * A), 1
        )
    ),
    lambda n, o, A, eps: _m(np.minimum(_u(n, o) * A, _c(_u(n, o), eps) * A).astype("f4")),
]
WRONG["ppo_clip_objective"] = {
    "clip_only": lambda n, o, A, e: _m(_c(_u(n, o), e) * A),
    "no_clip": lambda n, o, A, e: _m(_u(n, o) * A),
    "max": lambda n, o, A, e: _m(np.maximum(_u(n, o) * A, _c(_u(n, o), e) * A)),
    "min_of_ratios": lambda n, o, A, e: _m(np.minimum(_u(n, o), _c(_u(n, o), e)) * A),
    "min_after_sum": lambda n, o, A, e: np.minimum(
        (_u(n, o) * A).sum(1), (_c(_u(n, o), e) * A).sum(1)
    ).mean(),
    "min_after_mean": lambda n, o, A, e: min(_m(_u(n, o) * A), _m(_c(_u(n, o), e) * A)),
    "clip_of_product": lambda n, o, A, e: _m(np.minimum(_u(n, o) * A, _c(_u(n, o) * A, e))),
    "clip_product_only": lambda n, o, A, e: _m(_c(_u(n, o) * A, e)),
    "clip_log_ratio": lambda n, o, A, e: _m(
        np.minimum(_u(n, o) * A, np.exp(np.clip(n - o, -e, e)) * A)
    ),
    "clip_around_zero": lambda n, o, A, e: _m(
        np.minimum(_u(n, o) * A, np.clip(_u(n, o), -e, e) * A)
    ),
    "inverted": lambda n, o, A, e: _m(np.minimum(_u(o, n) * A, _c(_u(o, n), e) * A)),
    "log_ratio": lambda n, o, A, e: _m(np.minimum((n - o) * A, _c(n - o, e) * A)),
    "ratio_of_logs": lambda n, o, A, e: _m(np.minimum(n / o * A, _c(n / o, e) * A)),
    "new_probability": lambda n, o, A, e: _m(np.minimum(np.exp(n) * A, _c(np.exp(n), e) * A)),
    "trajectory_ratio": lambda n, o, A, e: np.minimum(
        np.exp((n - o).sum(1)) * A.sum(1), _c(np.exp((n - o).sum(1)), e) * A.sum(1)
    ).mean(),
    "mean_of_all": lambda n, o, A, e: np.minimum(_u(n, o) * A, _c(_u(n, o), e) * A).mean(),
    "sum_of_all": lambda n, o, A, e: np.minimum(_u(n, o) * A, _c(_u(n, o), e) * A).sum(),
    "minus": lambda n, o, A, e: -_m(np.minimum(_u(n, o) * A, _c(_u(n, o), e) * A)),
    "upper_only": lambda n, o, A, e: _m(np.minimum(_u(n, o), 1 + e) * A),
    "lower_only": lambda n, o, A, e: _m(np.maximum(_u(n, o), 1 - e) * A),
    "upper_only_min": lambda n, o, A, e: _m(
        np.minimum(_u(n, o) * A, np.minimum(_u(n, o), 1 + e) * A)
    ),
    "clip_eps": lambda n, o, A, e: _m(np.minimum(_u(n, o) * A, np.clip(_u(n, o), e, 1 + e) * A)),
    "clip_reciprocal": lambda n, o, A, e: _m(
        np.minimum(_u(n, o) * A, np.clip(_u(n, o), 1 / (1 + e), 1 + e) * A)
    ),
    "standardised": lambda n, o, A, e: _m(
        np.minimum(_u(n, o) * _standard(A), _c(_u(n, o), e) * _standard(A))
    ),
    "positive_only": lambda n, o, A, e: _m(
        np.where(A > 0, np.minimum(_u(n, o) * A, _c(_u(n, o), e) * A), 0)
    ),
    "negative_unclipped": lambda n, o, A, e: _m(
        np.where(A > 0, np.minimum(_u(n, o), 1 + e) * A, _u(n, o) * A)
    ),
    "zero_outside": lambda n, o, A, e: _m(np.where(np.abs(_u(n, o) - 1) <= e, _u(n, o) * A, 0)),
    "minus_loss_mean_of_all": lambda n, o, A, e: (
        -np.minimum(_u(n, o) * A, _c(_u(n, o), e) * A).mean()
    ),
    "clip_only_mean_of_all": lambda n, o, A, e: (_c(_u(n, o), e) * A).mean(),
    "min_over_everything": lambda n, o, A, e: np.min([_u(n, o) * A, _c(_u(n, o), e) * A]),
    "abs_advantage": lambda n, o, A, e: _m(
        np.minimum(_u(n, o) * np.abs(A), _c(_u(n, o), e) * np.abs(A))
    ),
}
