"""A third round, written blind: three quarters of it were told before its names were added."""

# mypy: ignore-errors

import math

import numpy as np


def tg(r):
    return np.cumsum(r[:, ::-1], 1)[:, ::-1]


def w(s, x):
    return (s * x[:, :, None]).sum(1).mean(0)


def sm(t):
    e = np.exp(t)
    return e / e.sum(1, keepdims=True)


def u(n, o):
    return np.exp(n - o)


def mm(x):
    return x.sum(1).mean()


def ll(mu0, P, pi, s, a):
    return np.log(mu0[s[0]]) + np.log(pi[s, a]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()


def loop_r2g(r):
    out = np.zeros_like(r)
    for n in range(len(r)):
        for h in range(r.shape[1]):
            out[n, h] = sum(r[n, h + 1 :])
    return out


def loop_r2g2(r):
    out = np.zeros_like(r)
    for h in range(r.shape[1]):
        out[:, h] = r[:, h:-1].sum(1)
    return out


def gae_bug(r, V, g, l, t):
    A = np.zeros_like(r)
    last = 0
    for h in reversed(range(r.shape[1])):
        nv = V[:, h + 1] * (1 - t)
        last = r[:, h] + g * nv - V[:, h] + g * l * last
        A[:, h] = last
    return A


def gae_bug2(r, V, g, l, t):
    A = np.zeros_like(r)
    for h in range(r.shape[1] - 1):
        A[:, h] = r[:, h] + g * V[:, h + 1] - V[:, h]
    for h in reversed(range(r.shape[1] - 1)):
        A[:, h] += g * l * A[:, h + 1]
    return A


def gae_sumdirect(r, V, g, l, t):
    _N, H = r.shape
    A = np.zeros_like(r)
    Vn = V[:, 1:].copy()
    Vn[t, -1] = 0
    d = r + g * Vn - V[:, :-1]
    for h in range(H):
        for k in range(h, H):
            A[:, h] += (g * l) ** k * d[:, k]
    return A


RIGHT = {}
WRONG = {
    "trajectory_log_likelihood": {
        "pi_as": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s, a]).sum() + np.log(P[s[:-1], a[:-1], s[:-1]]).sum()
        ),
        "only_last": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s[-1], a[-1]]) + np.log(P[s[-2], a[-2], s[-1]])
        ),
        "start_last": lambda mu0, P, pi, s, a: (
            ll(mu0, P, pi, s, a) - np.log(mu0[s[0]]) + np.log(mu0[s[-1]])
        ),
        "mu0_mean": lambda mu0, P, pi, s, a: (
            ll(mu0, P, pi, s, a) - np.log(mu0[s[0]]) + np.log(mu0).sum()
        ),
    },
    "reinforce_gradient": {
        "sum1_sum": lambda s, r: s.sum((0, 1)) * r.sum() / len(r),
        "mean0": lambda s, r: (s.mean(0) * r.mean(0)[:, None]).sum(0),
        "total_mean": lambda s, r: s.mean((0, 1)) * r.sum(1).mean(),
        "std_sum": lambda s, r: (
            s.sum(1) * ((r.sum(1) - r.sum(1).mean()) / (r.sum(1).std() + 1e-8))[:, None]
        ).sum(0),
    },
    "reward_to_go": {
        "excl_loop": loop_r2g,
        "minus_one": loop_r2g2,
        "cumsum_flip_first": lambda r: np.cumsum(np.flip(r), 1),
        "total_minus": lambda r: r.sum(1, keepdims=True) - r,
    },
    "discounted_gradient": {
        "g_h_plus": lambda s, Q, g: w(s, g ** (np.arange(Q.shape[1]) + 2) * Q),
        "sum_of_scores": lambda s, Q, g: (s.sum(1) * (Q[:, 0])[:, None]).mean(0),
        "scores_disc": lambda s, Q, g: (
            (s * (g ** np.arange(Q.shape[1]))[None, :, None]).sum(1) * Q.sum(1)[:, None]
        ).mean(0),
        "n_h": lambda s, Q, g: (
            (s * (g ** np.arange(Q.shape[1]) * Q)[:, :, None]).sum((0, 1)) / Q.size
        ),
    },
    "baseline_gradient": {
        "minus_b_mean0": lambda s, r, b: w(s, tg(r) - b.mean(0, keepdims=True)),
        "r_minus_next": lambda s, r, b: w(s, r + np.hstack([b[:, 1:], 0 * b[:, :1]]) - b),
        "no_axis": lambda s, r, b: (s * (tg(r) - b)[:, :, None]).mean(),
        "sum_b": lambda s, r, b: w(s, tg(r)) - w(s, np.ones_like(b) * b.sum() / b.size),
    },
    "softmax_policy": {
        "log_softmax_exp_axis": lambda t: np.exp(t - t.max()) / np.exp(t - t.max()).sum(0),
        "flat": lambda t: (np.exp(t.ravel()) / np.exp(t.ravel()).sum()).reshape(t.shape),
        "max_wrong_axis_nonorm": lambda t: np.exp(t - t.max(0)),
        "percent": lambda t: 100 * sm(t),
    },
    "softmax_score": {
        "sub_all": lambda t, s, a: -sm(t) + np.eye(t.size)[s * t.shape[1] + a].reshape(t.shape),
        "pi_only_a": lambda t, s, a: np.where(
            (np.arange(t.size) == s * t.shape[1] + a).reshape(t.shape), 1 - sm(t)[s, a], 0
        ),
        "a_row": lambda t, s, a: (np.eye(t.shape[1])[a] - sm(t)[s])[None, :],
        "plus_one_wrong": lambda t, s, a: (
            np.outer(np.eye(len(t))[s], np.eye(t.shape[1])[a] - sm(t)[s]) * sm(t)
        ),
    },
    "linear_score": {
        "phi_pi_elementwise": lambda p, pi, a: p[a] - (p * pi[:, None]).max(0),
        "matrix": lambda p, pi, a: p[a] - p.T.dot(np.ones(len(pi)) / len(pi)),
        "a_minus_all": lambda p, pi, a: p[a] - p.mean(),
        "others_mean": lambda p, pi, a: p[a] - np.delete(p, a, 0).mean(0),
    },
    "gaussian_score": {
        "a_psi": lambda T, psi, a, s: np.outer(a, psi) / s**2 - np.outer(T @ psi, psi),
        "over_s_sq_twice": lambda T, psi, a, s: np.outer((a - T @ psi) / s**2, psi) / s**2,
        "no_transpose": lambda T, psi, a, s: np.outer(psi, (a - T @ psi) / s**2),
        "sigma_as_variance": lambda T, psi, a, s: np.outer(a - T @ psi, psi) / s,
    },
    "performance_difference": {
        "avg_h_s": lambda d, p, A: np.mean(np.sum(d * (p * A).sum(-1), -1)),
        "no_d_mean": lambda d, p, A: (p * A).sum(-1).mean(),
        "einsum_bug": lambda d, p, A: np.einsum("hs,gsa,gsa->", d, p, A),
        "argmax_A": lambda d, p, A: (
            d * np.take_along_axis(p, A.argmax(-1)[..., None], -1)[..., 0] * A.max(-1)
        ).sum(),
    },
    "importance_sampling_mean": {
        "p_minus": lambda f, p, q: np.mean(f) * np.mean(p) / np.mean(q),
        "weighted_avg": lambda f, p, q: np.average(f, weights=p / q),
        "p_avg": lambda f, p, q: np.average(f, weights=p),
        "sum_pf": lambda f, p, q: np.sum(p * f / q),
    },
    "effective_sample_size": {
        "np_var": lambda w: len(w) / (1 + np.var(w / w.mean()) * len(w)),
        "mean_sq": lambda w: w.mean() ** 2 / np.mean(w**2),
        "norm_no_sq": lambda w: 1 / np.sum(w / w.sum()),
        "inverse": lambda w: np.sum((w / w.sum()) ** 2),
    },
    "kl_divergence": {
        "qp": lambda p, q: np.sum(
            np.where(q > 0, q * np.log(np.where(q > 0, q, 1) / np.where(p > 0, p, 1)), 0)
        ),
        "eps_only_q": lambda p, q: np.sum(
            np.where(p > 0, p * np.log(np.where(p > 0, p, 1) / (q + 1e-12)), 0)
        ),
        "mask_q": lambda p, q: np.sum((p * np.log(p / q))[q > 0]),
        "mean_kl": lambda p, q: np.average(np.log(p / q)),
    },
    "trpo_surrogate": {
        "ratio_sum": lambda n, o, A: (u(n, o).sum(1) * A.sum(1)).mean(),
        "logsum": lambda n, o, A: (np.exp(n.sum(1) - o.sum(1)) * A.sum(1)).mean(),
        "old_new": lambda n, o, A: mm(np.exp(o) / np.exp(n) * A),
        "norm_adv_mean": lambda n, o, A: (u(n, o) * (A - A.mean()) / (A.std() + 1e-8)).mean(),
    },
    "fisher_matrix": {
        "mean_all_outer": lambda s: np.einsum("nhi,nhj->ij", s, s) / (len(s) * s.shape[1]),
        "cov_rowvar": lambda s: np.atleast_2d(np.cov(s.reshape(-1, s.shape[2]), rowvar=False)),
        "dot_episode": lambda s: sum(e.sum(0)[:, None] * e.sum(0)[None] for e in s) / len(s),
        "grad_outer": lambda s: np.outer(s.sum((0, 1)), s.sum((0, 1))) / len(s),
    },
    "npg_step": {
        "sqrt_delta_x": lambda g, F, d: np.sqrt(d) * np.linalg.solve(F, g),
        "norm_grad": lambda g, F, d: np.sqrt(2 * d / (g @ g)) * g,
        "inv_no_g": lambda g, F, d: (
            np.sqrt(2 * d / (np.linalg.solve(F, g) @ np.linalg.solve(F, g))) * np.linalg.solve(F, g)
        ),
        "two_sqrt": lambda g, F, d: (
            2 * np.sqrt(d / (g @ np.linalg.solve(F, g))) * np.linalg.solve(F, g)
        ),
    },
    "bernoulli_natural_gradient": {
        "100p1": lambda t: (100 / (1 + math.exp(-t)) + 1) * 1.0,
        "vanilla_over_p": lambda t: 99 * (1 - 1 / (1 + math.exp(-t))),
        "sqrtF": lambda t: 99 * math.sqrt(1 / (1 + math.exp(-t)) * (1 - 1 / (1 + math.exp(-t)))),
        "e_theta": lambda t: 99 * math.exp(t) / (1 + math.exp(t)) ** 2,
    },
    "tabular_npg_update": {
        "exp_no_pi_eta": lambda pi, A, e: sm(A),
        "logits_add": lambda pi, A, e: sm(pi + A),
        "pi_times": lambda pi, A, e: pi * (1 + e * A),
        "sum_all": lambda pi, A, e: pi * np.exp(e * A) / np.sum(np.exp(e * A) * pi),
    },
    "ppo_penalty_objective": {
        "kl_diff": lambda n, o, A, l: mm(u(n, o) * A) - l * mm(o - n),
        "minus_log": lambda n, o, A, l: mm(u(n, o) * A - l * np.log(np.exp(n))),
        "neg_inv": lambda n, o, A, l: mm(u(n, o) * A - l * np.log(1 / (np.exp(n) / np.exp(o)))),
        "only_mean": lambda n, o, A, l: (u(n, o) * A).mean() + l * n.mean(),
    },
    "ppo_clip_objective": {
        "clip_sum": lambda n, o, A, e: (
            mm(np.clip(u(n, o) * A, (1 - e) * A, (1 + e) * A))
            if False
            else mm(np.minimum(u(n, o), np.clip(u(n, o), 1 - e, 1 + e)) * A)
        ),
        "max_loss": lambda n, o, A, e: mm(
            np.maximum(-u(n, o) * A, -np.clip(u(n, o), 1 - e, 1 + e) * A)
        ),
        "clip_logs": lambda n, o, A, e: (
            mm(
                np.minimum(u(n, o) * A, np.exp(np.clip(n - o, np.log(1 - e), np.log(1 + e))) * A)
                + 0 * A
            )
            / 1
            if False
            else mm(np.exp(np.clip(n - o, -e, e)) * A)
        ),
        "max_sum": lambda n, o, A, e: np.maximum(
            u(n, o) * A, np.clip(u(n, o), 1 - e, 1 + e) * A
        ).mean(),
    },
    "gae": {
        "mask_all": gae_bug,
        "last_missing": gae_bug2,
        "absolute_powers": gae_sumdirect,
        "no_lam_no_term": lambda r, V, g, l, t: gae_sumdirect(r, V, g, 1.0, ~t),
    },
}
