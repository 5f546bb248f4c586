"""A second round of answers, written after the mistakes of the first had been given names."""

# mypy: ignore-errors

import math

import numpy as np


def _to_go(r):
    return np.cumsum(r[:, ::-1], axis=1)[:, ::-1]


def _w(scores, x):
    return (scores * x[:, :, None]).sum(1).mean(0)


def _rows(w):
    return w / w.sum(1, keepdims=True)


def _softmax(t):
    return _rows(np.exp(t))


def _next(b):
    return np.hstack([b[:, 1:], 0 * b[:, :1]])


def _u(n, o):
    return np.exp(n - o)


def _m(x):
    return x.sum(1).mean()


def _x(g, F):
    return np.linalg.solve(F, g)


def _delta(r, V, g, t):
    nxt = V[:, 1:].copy()
    nxt[t, -1] = 0
    return r + g * nxt - V[:, :-1]


def _back(d, k):
    out, running = np.zeros_like(d), np.zeros(len(d))
    for h in reversed(range(d.shape[1])):
        running = d[:, h] + k * running
        out[:, h] = running
    return out


def _likelihood(mu0, P, pi, s, a):
    return np.log(mu0[s[0]]) + np.log(pi[s, a]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()


RIGHT: dict = {}
WRONG = {
    "trajectory_log_likelihood": {
        "second_sums_without_log": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + np.log(pi[s, a].sum()) + np.log(P[s[:-1], a[:-1], s[1:]].sum())
        ),
        "second_policy_not_logged": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) + pi[s, a].sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "second_cumulative": lambda mu0, P, pi, s, a: np.log(
            np.cumprod([mu0[s[0]], *pi[s, a], *P[s[:-1], a[:-1], s[1:]]])
        ),
        "second_product_of_logs": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]]) * np.log(pi[s, a]).prod() * np.log(P[s[:-1], a[:-1], s[1:]]).prod()
        ),
        "second_marginal_transitions": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]])
            + np.log(pi[s, a]).sum()
            + np.log(np.einsum("sat,sa->st", P, pi)[s[:-1], s[1:]]).sum()
        ),
        "second_steps_of_pi_short": lambda mu0, P, pi, s, a: (
            np.log(pi[s[:-1], a[:-1]]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
        "second_actions_and_states_exchanged": lambda mu0, P, pi, s, a: (
            np.log(mu0[s[0]])
            + np.log(pi[a % len(pi), s % pi.shape[1]]).sum()
            + np.log(P[s[:-1], a[:-1], s[1:]]).sum()
        ),
    },
    "reinforce_gradient": {
        "second_returns_standardised_no_eps": lambda s, r: (
            s.sum(1) * ((r.sum(1) - r.sum(1).mean()) / (r.sum(1).std() + 1e-10))[:, None]
        ).mean(0),
        "second_reward_times_sum": lambda s, r: (s.sum(1) * r.sum(0).sum()).mean(0),
        "second_max_return": lambda s, r: s.sum(1)[r.sum(1).argmax()] * r.sum(1).max(),
        "second_loop_overwrites": lambda s, r: s[-1].sum(0) * r[-1].sum(),
        "second_loop_overwrites_over_n": lambda s, r: s[-1].sum(0) * r[-1].sum() / len(r),
        "second_squared_returns": lambda s, r: (s.sum(1) * (r.sum(1) ** 2)[:, None]).mean(0),
        "second_without_last": lambda s, r: (s.sum(1) * r[:, :-1].sum(1)[:, None]).mean(0),
        "second_to_go_mean_all": lambda s, r: (s * _to_go(r)[:, :, None]).mean((0, 1)),
    },
    "reward_to_go": {
        "second_min_gamma": lambda r: np.cumsum((r * 0.9 ** np.arange(r.shape[1]))[:, ::-1], 1)[
            :, ::-1
        ],
        "second_return_minus_past_wrong": lambda r: r.sum(1, keepdims=True) - np.cumsum(r, 1) - r,
        "second_global_total": lambda r: r.sum() - np.cumsum(r, 1) + r,
        "second_max_to_go": lambda r: np.maximum.accumulate(r[:, ::-1], 1)[:, ::-1],
        "second_no_reverse_loop": lambda r: r + _next(r) + _next(_next(r)),
        "second_last_only": lambda r: np.repeat(r[:, -1:], r.shape[1], 1),
        "second_list_sum": lambda r: [sum(sum(x[h:]) for x in r) for h in range(r.shape[1])],
        "second_half": lambda r: _to_go(r) / 2,
    },
    "discounted_gradient": {
        "second_gamma_power_of_remaining": lambda s, Q, g: _w(
            s, g ** np.arange(Q.shape[1], 0, -1) * Q
        ),
        "second_one_minus_gamma_power": lambda s, Q, g: _w(s, (1 - g) ** np.arange(Q.shape[1]) * Q),
        "second_discounted_scores_cumulated": lambda s, Q, g: _w(
            np.cumsum(s, 1), g ** np.arange(Q.shape[1]) * Q
        ),
        "second_td_of_q": lambda s, Q, g: _w(s, g ** np.arange(Q.shape[1]) * (Q - g * _next(Q))),
        "second_gamma_twice_once": lambda s, Q, g: _w(s, g**2 * Q),
        "second_minus_no_gamma": lambda s, Q, g: -_w(s, Q),
        "second_per_step_baseline": lambda s, Q, g: _w(
            s, g ** np.arange(Q.shape[1]) * (Q - Q.mean(0))
        ),
        "second_last_overwrites": lambda s, Q, g: s[-1, -1] * Q[-1, -1] * g ** (Q.shape[1] - 1),
    },
    "baseline_gradient": {
        "second_whole_minus_sum": lambda s, r, b: _w(
            s, r.sum(1, keepdims=True) - b.sum(1, keepdims=True)
        ),
        "second_baseline_to_go": lambda s, r, b: _w(s, _to_go(r) - _to_go(b)),
        "second_standardised_per_step": lambda s, r, b: _w(
            s, (_to_go(r) - b - (_to_go(r) - b).mean(0)) / ((_to_go(r) - b).std(0) + 1e-8)
        ),
        "second_absolute": lambda s, r, b: _w(s, np.abs(_to_go(r) - b)),
        "second_ratio": lambda s, r, b: _w(s, _to_go(r) / np.where(b == 0, 1, b)),
        "second_positive": lambda s, r, b: _w(s, np.maximum(_to_go(r) - b, 0)),
        "second_last_b": lambda s, r, b: _w(s, _to_go(r) - b[:, -1:]),
        "second_mean_per_episode": lambda s, r, b: _w(s, _to_go(r) - b.mean(1, keepdims=True)),
        "second_minus_mean_all": lambda s, r, b: -(s * (_to_go(r) - b)[:, :, None]).mean((0, 1)),
    },
    "softmax_policy": {
        "second_temperature": lambda t: _softmax(2 * t),
        "second_exp_twice": lambda t: _softmax(np.exp(t)),
        "second_softplus": lambda t: _rows(np.log1p(np.exp(t))),
        "second_relu": lambda t: _rows(np.maximum(t, 0) + 1e-8),
        "second_shift_min": lambda t: _rows(t - t.min(1, keepdims=True) + 1e-8),
        "second_norm_two": lambda t: t / np.linalg.norm(t, axis=1, keepdims=True),
        "second_transposed_norm": lambda t: (np.exp(t).T / np.exp(t).sum(0)[:, None]).T,
        "second_log_sum": lambda t: t - np.log(np.exp(t).sum(1, keepdims=True)),
    },
    "softmax_score": {
        "second_row_times_hot": lambda t, s, a: (
            np.outer(np.eye(len(t))[s], np.eye(t.shape[1])[a]) * (1 - _softmax(t))
        ),
        "second_all_one": lambda t, s, a: np.outer(np.eye(len(t))[s], 1 - _softmax(t)[s]),
        "second_greedy": lambda t, s, a: np.outer(
            np.eye(len(t))[s], np.eye(t.shape[1])[a] - np.eye(t.shape[1])[t[s].argmax()]
        ),
        "second_minus_gradient_of_pi": lambda t, s, a: (
            -_softmax(t)[s, a] * np.outer(np.eye(len(t))[s], np.eye(t.shape[1])[a] - _softmax(t)[s])
        ),
        "second_scaled_by_own": lambda t, s, a: np.outer(
            np.eye(len(t))[s], np.eye(t.shape[1])[a] - _softmax(t)[s] ** 2
        ),
        "second_column": lambda t, s, a: np.outer(
            np.eye(len(t))[s] - _softmax(t)[:, a], np.eye(t.shape[1])[a]
        ),
        "second_row_minus_everywhere": lambda t, s, a: (
            np.ones_like(t) * (np.eye(t.shape[1])[a] - _softmax(t)[s])
        ),
    },
    "linear_score": {
        "second_softmax_of_features": lambda phi, pi, a: (
            phi[a] - np.exp(phi).sum(0) / np.exp(phi).sum()
        ),
        "second_probability_times": lambda phi, pi, a: pi[a] * phi[a],
        "second_minus_weighted_by_one_less": lambda phi, pi, a: phi[a] - (1 - pi) @ phi,
        "second_logit": lambda phi, pi, a: np.log(pi[a]) * phi[a],
        "second_divided_features": lambda phi, pi, a: phi[a] / (pi @ phi),
        "second_last_action": lambda phi, pi, a: phi[-1] - pi @ phi,
        "second_mean_scaled": lambda phi, pi, a: phi[a] - (pi @ phi) / len(pi),
        "second_transposed_product": lambda phi, pi, a: phi[a] - (phi.T * pi).sum(0)[a],
    },
    "gaussian_score": {
        "second_theta_subtracted": lambda T, psi, a, s: np.outer(a, psi) / s**2 - T,
        "second_squared_features": lambda T, psi, a, s: np.outer(a - T @ psi, psi**2) / s**2,
        "second_normalised_features": lambda T, psi, a, s: (
            np.outer(a - T @ psi, psi) / s**2 / np.linalg.norm(psi)
        ),
        "second_minus_half": lambda T, psi, a, s: -np.outer(a - T @ psi, psi) / (2 * s**2),
        "second_minus_twice": lambda T, psi, a, s: -2 * np.outer(a - T @ psi, psi) / s**2,
        "second_log_sigma": lambda T, psi, a, s: np.outer(a - T @ psi, psi) / s**2 - np.log(s),
        "second_sum_of_errors": lambda T, psi, a, s: (
            np.outer(np.full(len(a), (a - T @ psi).sum()), psi) / s**2
        ),
        "second_sign": lambda T, psi, a, s: np.outer(np.sign(a - T @ psi), psi) / s**2,
    },
    "performance_difference": {
        "second_product_of_steps": lambda d, pi, A: np.prod((d * (pi * A).sum(2)).sum(1)),
        "second_over_states": lambda d, pi, A: (d * (pi * A).sum(2)).sum() / d.shape[1],
        "second_cumulated": lambda d, pi, A: np.cumsum((d * (pi * A).sum(2)).sum(1)).sum(),
        "second_positive": lambda d, pi, A: (d * np.maximum(pi * A, 0).sum(2)).sum(),
        "second_first_state": lambda d, pi, A: (pi * A).sum(2)[:, 0].sum(),
        "second_likeliest_state": lambda d, pi, A: sum(
            (pi * A).sum(2)[h, d[h].argmax()] for h in range(len(d))
        ),
        "second_minus_uniform": lambda d, pi, A: (d * ((pi - 1 / pi.shape[2]) * A).sum(2)).sum(),
        "second_d_next": lambda d, pi, A: (np.roll(d, -1, 0) * (pi * A).sum(2)).sum(),
    },
    "importance_sampling_mean": {
        "second_f_over": lambda f, p, q: (f * q / p).sum() / len(f),
        "second_sum_ratio": lambda f, p, q: (p * f).sum() / (q * f).sum(),
        "second_sum_over_sum": lambda f, p, q: (p * f).sum() / q.sum(),
        "second_normalised_p": lambda f, p, q: (p * f).sum() / p.sum(),
        "second_one_minus": lambda f, p, q: ((1 - p / q) * f).mean(),
        "second_squared": lambda f, p, q: ((p / q) ** 2 * f).mean(),
        "second_root": lambda f, p, q: (np.sqrt(p / q) * f).mean(),
        "second_inverted_sum": lambda f, p, q: (q / p * f).sum(),
        "second_dot": lambda f, p, q: f @ p / (f @ q),
    },
    "effective_sample_size": {
        "second_root_sum": lambda w: np.sqrt((w**2).sum()) / w.sum(),
        "second_mean_weight": lambda w: w.mean() / w.max(),
        "second_one_over_var": lambda w: 1 / w.var() if w.var() else 0.0,
        "second_n_times": lambda w: len(w) * w.sum() ** 2 / (w**2).sum(),
        "second_normalised_len": lambda w: len(w) / (w / w.sum() ** 2).sum(),
        "second_std_ratio": lambda w: len(w) / (1 + w.std() / w.mean()),
        "second_count_positive": lambda w: (w > w.mean()).sum(),
        "second_upside_down_n": lambda w: (w**2).sum() / w.sum() ** 2 / len(w),
    },
    "kl_divergence": {
        "second_log1p": lambda p, q: np.sum(p * np.log1p(p / q)),
        "second_zero_mean": lambda p, q: np.mean(p[p > 0] * np.log(p[p > 0] / q[p > 0])),
        "second_ratio_first": lambda p, q: np.log(np.sum(p * p / q)),
        "second_log_of_sums": lambda p, q: np.sum(p) * np.log(np.sum(p) / np.sum(q)),
        "second_minus_mass": lambda p, q: np.sum(p * np.log(p / q) - p + q) + 1.0,
        "second_js": lambda p, q: (
            0.5 * np.sum(p * np.log(2 * p / (p + q))) + 0.5 * np.sum(q * np.log(2 * q / (p + q)))
        ),
        "second_clip": lambda p, q: np.sum(p * np.log(np.clip(p, 1e-9, 1) / np.clip(q, 1e-9, 1))),
        "second_max": lambda p, q: np.max(p * np.log(p / q)),
        "second_nan_skip_all": lambda p, q: np.sum(
            (p * np.log(p / q))[np.isfinite(p * np.log(p / q))]
        ),
    },
    "trpo_surrogate": {
        "second_ratio_minus": lambda n, o, A: _m(_u(n, o) - A),
        "second_plus": lambda n, o, A: _m(_u(n, o) + A),
        "second_log_weighted": lambda n, o, A: _m(np.log(_u(n, o)) * A + A),
        "second_square": lambda n, o, A: _m(_u(n, o) ** 2 * A),
        "second_old_weight": lambda n, o, A: _m(np.exp(o) * A),
        "second_min_one": lambda n, o, A: _m(np.minimum(_u(n, o), 1) * A),
        "second_mean_ratio": lambda n, o, A: _m(_u(n, o).mean(1, keepdims=True) * A),
        "second_inverted_mean_all": lambda n, o, A: (_u(o, n) * A).mean(),
        "second_first_only": lambda n, o, A: (_u(n, o)[:, 0] * A[:, 0]).mean(),
    },
    "fisher_matrix": {
        "second_correlation": lambda s: np.atleast_2d(np.corrcoef(s.reshape(-1, s.shape[2]).T)),
        "second_outer_first_last": lambda s: np.einsum("ni,nj->ij", s[:, 0], s[:, -1]) / len(s),
        "second_double_sum": lambda s: np.einsum("nhi,mkj->ij", s, s) / len(s),
        "second_minus_mean_all": lambda s: -np.einsum("nhi,nhj->ij", s, s) / len(s) / s.shape[1],
        "second_upper": lambda s: np.triu(np.einsum("nhi,nhj->ij", s, s) / len(s)),
        "second_half": lambda s: np.einsum("nhi,nhj->ij", s, s) / len(s) / 2,
        "second_neighbours": lambda s: np.einsum("nhi,nhj->ij", s[:, 1:], s[:, :-1]) / len(s),
        "second_sum_over_n_minus_h": lambda s: np.einsum("nhi,nhj->ij", s, s) / s.shape[1],
    },
    "npg_step": {
        "second_f_x_norm": lambda g, F, d: np.sqrt(2 * d) * _x(g, F) / (_x(g, F) @ F @ _x(g, F)),
        "second_over_delta": lambda g, F, d: np.sqrt(2 / d / (g @ _x(g, F))) * _x(g, F),
        "second_entry_norm": lambda g, F, d: (
            np.sqrt(2 * d / np.abs(g @ _x(g, F)).sum()) * np.sign(_x(g, F))
        ),
        "second_size_times_g": lambda g, F, d: np.sqrt(2 * d) * g,
        "second_two_d": lambda g, F, d: 2 * d * _x(g, F),
        "second_inverse_elementwise": lambda g, F, d: (
            np.sqrt(2 * d / (g @ (1 / (F + 1e-9)) @ g)) * ((1 / (F + 1e-9)) @ g)
            if g @ (1 / (F + 1e-9)) @ g > 0
            else g
        ),
        "second_outer_root": lambda g, F, d: np.sqrt(np.abs(2 * d / (g @ _x(g, F)) * _x(g, F))),
        "second_minus_f_root": lambda g, F, d: -np.sqrt(2 * d / (g @ F @ g)) * _x(g, F),
    },
    "bernoulli_natural_gradient": {
        "second_98": lambda t: 98.0,
        "second_half": lambda t: 49.5,
        "second_difference_p": lambda t: 100 / (1 + math.exp(-t)) - (1 - 1 / (1 + math.exp(-t))),
        "second_fisher_root_inverse": lambda t: (
            99 / math.sqrt(1 / (1 + math.exp(-t)) * (1 - 1 / (1 + math.exp(-t))))
        ),
        "second_f_is_one_minus_p_squared": lambda t: (
            99 * (1 / (1 + math.exp(-t))) / (1 - 1 / (1 + math.exp(-t)))
        ),
        "second_odds": lambda t: 99 * math.exp(t),
        "second_inverse_odds": lambda t: 99 * math.exp(-t),
    },
    "tabular_npg_update": {
        "second_centred": lambda pi, A, eta: _rows(pi * (np.exp(eta * A) - 1)),
        "second_max_shift_table": lambda pi, A, eta: pi * np.exp(eta * A - (eta * A).max()),
        "second_pi_once_more": lambda pi, A, eta: _rows(pi**2 * np.exp(eta * A)),
        "second_added_inside": lambda pi, A, eta: _rows(pi + np.exp(eta * A)),
        "second_log_added": lambda pi, A, eta: _rows(pi * (eta * A + 1)),
        "second_advantage_centred": lambda pi, A, eta: _rows(
            pi * np.exp(eta * (A - A.mean()) / (A.std() + 1e-8))
        ),
        "second_eta_of_one_minus": lambda pi, A, eta: pi + eta * pi * A,
        "second_greedy_min": lambda pi, A, eta: np.eye(pi.shape[1])[A.argmin(1)],
    },
    "ppo_penalty_objective": {
        "second_kl_full": lambda n, o, A, lam: _m(_u(n, o) * A - lam * np.exp(o) * (o - n)),
        "second_plus_kl": lambda n, o, A, lam: _m(_u(n, o) * A + lam * (o - n)),
        "second_k3": lambda n, o, A, lam: _m(_u(n, o) * A - lam * (_u(n, o) - 1 - (n - o))),
        "second_lam_squared": lambda n, o, A, lam: _m(_u(n, o) * A + lam**2 * n),
        "second_log_of_ratio_only": lambda n, o, A, lam: _m(lam * n),
        "second_gain": lambda n, o, A, lam: _m((_u(n, o) - 1) * A + lam * n),
        "second_penalty_mean_of_exp": lambda n, o, A, lam: (
            _m(_u(n, o) * A) + lam * np.log(np.exp(n).mean())
        ),
        "second_clip_too": lambda n, o, A, lam: _m(
            np.minimum(_u(n, o) * A, np.clip(_u(n, o), 0.8, 1.2) * A) + lam * n
        ),
        "second_minus_inverse_sign": lambda n, o, A, lam: -_m(_u(n, o) * A - lam * n),
    },
    "ppo_clip_objective": {
        "second_clip_wrong_order": lambda n, o, A, e: _m(
            np.minimum(_u(n, o) * A, np.minimum(np.maximum(_u(n, o), 1 + e), 1 - e) * A)
        ),
        "second_clip_new_only": lambda n, o, A, e: _m(
            np.minimum(_u(n, o) * A, np.clip(np.exp(n), 1 - e, 1 + e) / np.exp(o) * A)
        ),
        "second_mean_of_both": lambda n, o, A, e: _m(
            (_u(n, o) * A + np.clip(_u(n, o), 1 - e, 1 + e) * A) / 2
        ),
        "second_minus_max": lambda n, o, A, e: (
            -_m(np.maximum(_u(n, o) * A, np.clip(_u(n, o), 1 - e, 1 + e) * A))
        ),
        "second_clip_advantage": lambda n, o, A, e: _m(
            np.minimum(_u(n, o) * A, _u(n, o) * np.clip(A, 1 - e, 1 + e))
        ),
        "second_sqrt_eps": lambda n, o, A, e: _m(
            np.minimum(_u(n, o) * A, np.clip(_u(n, o), 1 - e / 2, 1 + e / 2) * A)
        ),
        "second_difference": lambda n, o, A, e: _m(
            np.minimum((_u(n, o) - 1) * A, np.clip(_u(n, o) - 1, -e, e) * A)
        ),
        "second_exp_bounds": lambda n, o, A, e: _m(
            np.minimum(_u(n, o) * A, np.clip(_u(n, o), np.exp(-e), np.exp(e)) * A)
        ),
    },
    "gae": {
        "second_lam_power": lambda r, V, g, l, t: _back(_delta(r, V, g, t), g * l**2),
        "second_sum_gamma_lam": lambda r, V, g, l, t: _back(_delta(r, V, g, t), (g + l) / 2),
        "second_terminated_bonus": lambda r, V, g, l, t: _back(
            r + g * V[:, 1:] * np.where(t[:, None], 1 - g, 1) - V[:, :-1], g * l
        ),
        "second_zero_value_all_last": lambda r, V, g, l, t: _back(
            np.hstack([(r + g * V[:, 1:] - V[:, :-1])[:, :-1], r[:, -1:]]), g * l
        ),
        "second_running_after": lambda r, V, g, l, t: np.hstack(
            [_back(_delta(r, V, g, t), g * l)[:, 1:], np.zeros((len(r), 1))]
        ),
        "second_centred": lambda r, V, g, l, t: (
            _back(_delta(r, V, g, t), g * l) - _back(_delta(r, V, g, t), g * l).mean()
        ),
        "second_sum_of_deltas": lambda r, V, g, l, t: np.cumsum(_delta(r, V, g, t), 1),
        "second_two_step": lambda r, V, g, l, t: (
            _delta(r, V, g, t) + g * l * _next(_delta(r, V, g, t))
        ),
        "second_returns_minus": lambda r, V, g, l, t: (
            -(_back(_delta(r, V, g, t), g * l) + V[:, :-1])
        ),
    },
}
