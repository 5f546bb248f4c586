"""Answers to the exercises on policies, their scores, and the natural gradient."""

# mypy: ignore-errors

import math

import numpy as np


def _softmax(theta, axis=1):
    w = np.exp(theta)
    return w / w.sum(axis=axis, keepdims=True)


# ---------------------------------------------------------------------------- softmax_policy


def _rows(theta):
    out = []
    for row in theta.tolist():
        top = max(row)
        w = [math.exp(x - top) for x in row]
        out.append([x / sum(w) for x in w])
    return out


RIGHT = {
    "softmax_policy": [
        _rows,
        _softmax,
        lambda theta: np.exp(theta - np.logaddexp.reduce(theta, axis=1)[:, None]),
        lambda theta: np.apply_along_axis(lambda x: np.exp(x) / np.exp(x).sum(), 1, theta).astype(
            np.float32
        ),
    ]
}
WRONG = {
    "softmax_policy": {
        "axis_zero": lambda t: _softmax(t, 0),
        "whole_table": lambda t: np.exp(t) / np.exp(t).sum(),
        "not_normalised": lambda t: np.exp(t),
        "no_exp": lambda t: t / t.sum(1, keepdims=True),
        "logits": lambda t: t,
        "log_probabilities": lambda t: np.log(_softmax(t)),
        "argmax": lambda t: np.eye(t.shape[1])[t.argmax(1)],
        "argmax_by_equality": lambda t: (t == t.max(1, keepdims=True)).astype(float),
        "uniform": lambda t: np.ones_like(t) / t.shape[1],
        "sigmoid": lambda t: 1 / (1 + np.exp(-t)),
        "minus_theta": lambda t: _softmax(-t),
        "base_two": lambda t: 2.0**t / (2.0**t).sum(1, keepdims=True),
        "no_keepdims": lambda t: np.exp(t) / np.exp(t).sum(1),
        "max_after": lambda t: np.exp(t) / np.exp(t).max(1, keepdims=True),
        "divided_by_count": lambda t: np.exp(t) / t.shape[1],
        "mean_for_sum": lambda t: np.exp(t) / np.exp(t).mean(1, keepdims=True),
        "first_row": lambda t: _softmax(t)[0],
        "abs": lambda t: np.abs(t) / np.abs(t).sum(1, keepdims=True),
        "squares": lambda t: t**2 / (t**2).sum(1, keepdims=True),
        "minus_max_forgotten_below": lambda t: (
            np.exp(t - t.max(1, keepdims=True)) / np.exp(t).sum(1, keepdims=True)
        ),
        "norm": lambda t: np.exp(t) / np.linalg.norm(np.exp(t), axis=1, keepdims=True),
        "transposed": lambda t: _softmax(t).T,
        "rounded": lambda t: _softmax(t).round(2),
        "exp_of_normalised": lambda t: np.exp(t / t.sum(1, keepdims=True)),
    }
}

# ----------------------------------------------------------------------------- softmax_score


def _score(theta, s, a):
    out = np.zeros(theta.shape)
    out[s] = -_softmax(theta)[s]
    out[s, a] += 1
    return out


def _score_loop(theta, s, a):
    S, A = theta.shape
    z = sum(math.exp(theta[s, b]) for b in range(A))
    return [[(i == s) * ((j == a) - math.exp(theta[s, j]) / z) for j in range(A)] for i in range(S)]


def _score_numeric(theta, s, a):
    out = np.zeros(theta.shape)
    for i in np.ndindex(*theta.shape):
        e = np.zeros(theta.shape, dtype=complex)
        e[i] = 1e-20j
        x = theta + e
        out[i] = (x[s, a] - np.log(np.exp(x[s]).sum())).imag / 1e-20
    return out


RIGHT["softmax_score"] = [
    _score_loop,
    _score_numeric,
    lambda t, s, a: np.outer(np.eye(len(t))[s], np.eye(t.shape[1])[a] - _softmax(t)[s]),
    lambda t, s, a: _score(t, s, a).astype(np.float32),
]


def _set_not_added(t, s, a):
    out = np.zeros(t.shape)
    out[s] = -_softmax(t)[s]
    out[s, a] = 1
    return out


def _hot(t, s, a):
    out = np.zeros(t.shape)
    out[s, a] = 1
    return out


def _in_row(t, s, row):
    out = np.zeros(t.shape)
    out[s] = row
    return out


WRONG["softmax_score"] = {
    "one_hot": _hot,
    "every_row": lambda t, s, a: _hot(t, s, a) - _softmax(t),
    "one_not_added": _set_not_added,
    "gradient_of_pi": lambda t, s, a: _softmax(t)[s, a] * _score(t, s, a),
    "minus": lambda t, s, a: -_score(t, s, a),
    "only_entry": lambda t, s, a: _hot(t, s, a) * (1 - _softmax(t)[s, a]),
    "row": lambda t, s, a: _score(t, s, a)[s],
    "flat": lambda t, s, a: _score(t, s, a).ravel(),
    "whole_table_softmax": lambda t, s, a: _in_row(
        t, s, np.eye(t.shape[1])[a] - (np.exp(t) / np.exp(t).sum())[s]
    ),
    "axis_zero_softmax": lambda t, s, a: _in_row(t, s, np.eye(t.shape[1])[a] - _softmax(t, 0)[s]),
    "minus_pi_only": lambda t, s, a: _in_row(t, s, -_softmax(t)[s]),
    "pi_row": lambda t, s, a: _in_row(t, s, _softmax(t)[s]),
    "plus_pi": lambda t, s, a: _in_row(t, s, np.eye(t.shape[1])[a] + _softmax(t)[s]),
    "minus_pi_of_a": lambda t, s, a: _in_row(t, s, np.eye(t.shape[1])[a] - _softmax(t)[s, a]),
    "theta_for_pi": lambda t, s, a: _in_row(t, s, np.eye(t.shape[1])[a] - t[s]),
    "exp_not_normalised": lambda t, s, a: _in_row(t, s, np.eye(t.shape[1])[a] - np.exp(t[s])),
    "over_pi": lambda t, s, a: _score(t, s, a) / _softmax(t)[s, a],
    "log_pi": lambda t, s, a: np.log(_softmax(t)),
    "log_pi_entry": lambda t, s, a: np.log(_softmax(t)[s, a]),
    "pi_one_minus_pi": lambda t, s, a: _in_row(t, s, _softmax(t)[s] * (1 - _softmax(t)[s])),
    "state_action_swapped": lambda t, s, a: _in_row(
        t,
        min(a, len(t) - 1),
        np.eye(t.shape[1])[min(s, t.shape[1] - 1)] - _softmax(t)[min(a, len(t) - 1)],
    ),
    "transposed": lambda t, s, a: _score(t, s, a).T,
    "uniform": lambda t, s, a: _in_row(t, s, np.eye(t.shape[1])[a] - 1 / t.shape[1]),
    "not_added_every_row": lambda t, s, a: np.where(_hot(t, s, a) > 0, 1.0, -_softmax(t)),
}

# ------------------------------------------------------------------------------ linear_score


RIGHT["linear_score"] = [
    lambda phi, pi, a: phi[a] - sum(pi[b] * phi[b] for b in range(len(pi))),
    lambda phi, pi, a: (np.eye(len(pi))[a] - pi) @ phi,
    lambda phi, pi, a: [phi[a, j] - np.dot(pi, phi[:, j]) for j in range(phi.shape[1])],
    lambda phi, pi, a: (phi[a] - np.average(phi, axis=0, weights=pi)).astype(np.float32),
]
WRONG["linear_score"] = {
    "not_centred": lambda phi, pi, a: phi[a],
    "uniform_mean": lambda phi, pi, a: phi[a] - phi.mean(0),
    "sum_of_features": lambda phi, pi, a: phi[a] - phi.sum(0),
    "minus": lambda phi, pi, a: pi @ phi - phi[a],
    "plus": lambda phi, pi, a: phi[a] + pi @ phi,
    "mean_only": lambda phi, pi, a: pi @ phi,
    "own_probability": lambda phi, pi, a: phi[a] - pi[a] * phi[a],
    "times_pi": lambda phi, pi, a: pi[a] * (phi[a] - pi @ phi),
    "over_pi": lambda phi, pi, a: (phi[a] - pi @ phi) / pi[a],
    "all_actions": lambda phi, pi, a: phi - pi @ phi,
    "mean_of_weighted": lambda phi, pi, a: phi[a] - (pi[:, None] * phi).mean(0),
    "weighted_times_features": lambda phi, pi, a: phi[a] - pi[a],
    "wrong_axis": lambda phi, pi, a: (phi - pi[:, None] * phi)[a],
    "likeliest": lambda phi, pi, a: phi[a] - phi[pi.argmax()],
    "first_action": lambda phi, pi, a: phi[0] - pi @ phi,
    "others_only": lambda phi, pi, a: phi[a] - (pi @ phi - pi[a] * phi[a]),
    "log_pi": lambda phi, pi, a: phi[a] - np.log(pi) @ phi,
    "column": lambda phi, pi, a: phi[:, 0] - pi @ phi[:, 0],
    "summed": lambda phi, pi, a: (phi[a] - pi @ phi).sum(),
    "softmax_of_pi": lambda phi, pi, a: phi[a] - (np.exp(pi) / np.exp(pi).sum()) @ phi,
    "one_minus_pi": lambda phi, pi, a: (1 - pi[a]) * phi[a],
    "features_times_pi": lambda phi, pi, a: phi[a] * pi[a] - pi @ phi,
    "others_renormalised": lambda phi, pi, a: phi[a] - (pi @ phi - pi[a] * phi[a]) / (1 - pi[a]),
}

# ---------------------------------------------------------------------------- gaussian_score


RIGHT["gaussian_score"] = [
    lambda T, psi, a, s: (a - T @ psi)[:, None] * psi[None, :] / s**2,
    lambda T, psi, a, s: np.einsum("i,j->ij", a - T.dot(psi), psi) * s**-2,
    lambda T, psi, a, s: [
        [(a[i] - sum(T[i] * psi)) * psi[j] / s / s for j in range(len(psi))] for i in range(len(a))
    ],
    lambda T, psi, a, s: np.outer(a - T @ psi, psi).astype(np.float32) / np.float32(s) ** 2,
]
WRONG["gaussian_score"] = {
    "no_sigma": lambda T, psi, a, s: np.outer(a - T @ psi, psi),
    "sigma_once": lambda T, psi, a, s: np.outer(a - T @ psi, psi) / s,
    "times_sigma_squared": lambda T, psi, a, s: np.outer(a - T @ psi, psi) * s**2,
    "half": lambda T, psi, a, s: np.outer(a - T @ psi, psi) / (2 * s**2),
    "minus": lambda T, psi, a, s: np.outer(T @ psi - a, psi) / s**2,
    "transposed": lambda T, psi, a, s: np.outer(psi, a - T @ psi) / s**2,
    "no_features": lambda T, psi, a, s: (a - T @ psi) / s**2,
    "no_mean": lambda T, psi, a, s: np.outer(a, psi) / s**2,
    "mean_only": lambda T, psi, a, s: np.outer(T @ psi, psi) / s**2,
    "squared_error": lambda T, psi, a, s: np.outer((a - T @ psi) ** 2, psi) / s**2,
    "log_density": lambda T, psi, a, s: -((a - T @ psi) ** 2).sum() / (2 * s**2),
    "inner": lambda T, psi, a, s: ((a - T @ psi) / s**2).sum() * psi,
    "abs": lambda T, psi, a, s: np.abs(np.outer(a - T @ psi, psi)) / s**2,
    "sigma_fourth": lambda T, psi, a, s: np.outer(a - T @ psi, psi) / s**4,
    "sigma_cubed": lambda T, psi, a, s: np.outer(a - T @ psi, psi) / s**3,
    "root_sigma": lambda T, psi, a, s: np.outer(a - T @ psi, psi) / np.sqrt(s),
    "features_of_theta": lambda T, psi, a, s: (a - T @ psi)[:, None] * T / s**2,
    "density_times": lambda T, psi, a, s: (
        np.exp(-((a - T @ psi) ** 2).sum() / (2 * s**2))
        / (2 * np.pi * s**2) ** (len(a) / 2)
        * np.outer(a - T @ psi, psi)
        / s**2
    ),
    "unnormalised_density_times": lambda T, psi, a, s: (
        np.exp(-((a - T @ psi) ** 2).sum() / (2 * s**2)) * np.outer(a - T @ psi, psi) / s**2
    ),
    "plus_mean": lambda T, psi, a, s: np.outer(a + T @ psi, psi) / s**2,
    "minus_no_sigma": lambda T, psi, a, s: np.outer(T @ psi - a, psi),
    "score_of_sigma": lambda T, psi, a, s: (((a - T @ psi) ** 2) / s**3 - 1 / s).sum(),
}

# ----------------------------------------------------------------- bernoulli_natural_gradient


def _p(t):
    return 1 / (1 + math.exp(-t))


RIGHT["bernoulli_natural_gradient"] = [
    lambda theta: 99,
    lambda theta: 99 * _p(theta) * (1 - _p(theta)) / (_p(theta) * (1 - _p(theta))),
    lambda theta: np.float32(99.0),
    lambda theta: (100 - 1) * np.ones(()),
]
WRONG["bernoulli_natural_gradient"] = {
    "vanilla": lambda t: 99 * _p(t) * (1 - _p(t)),
    "times_fisher": lambda t: 99 * (_p(t) * (1 - _p(t))) ** 2,
    "hundred": lambda t: 100,
    "hundred_and_one": lambda t: 101.0,
    "hundred_vanilla": lambda t: 100 * _p(t) * (1 - _p(t)),
    "times_p": lambda t: 99 * _p(t),
    "times_q": lambda t: 99 * (1 - _p(t)),
    "over_p": lambda t: 99 / _p(t),
    "over_q": lambda t: 99 / (1 - _p(t)),
    "fisher_squared_root": lambda t: 99 * math.sqrt(_p(t) * (1 - _p(t))),
    "over_fisher": lambda t: 99 / (_p(t) * (1 - _p(t))),
    "objective": lambda t: 1 + 99 * _p(t),
    "fisher": lambda t: _p(t) * (1 - _p(t)),
    "inverse_fisher": lambda t: 1 / (_p(t) * (1 - _p(t))),
    "minus": lambda t: -99.0,
    "one": lambda t: 1.0,
    "zero": lambda t: 0.0,
    "theta_for_p": lambda t: 99 * t,
    "signs": lambda t: (100 * _p(t) * (1 - _p(t)) + _p(t) * (1 - _p(t))) / (_p(t) * (1 - _p(t))),
    "p_times_fisher": lambda t: 99 * _p(t) ** 2 * (1 - _p(t)),
    "j_over_f": lambda t: (1 + 99 * _p(t)) / (_p(t) * (1 - _p(t))),
    "p_is_exp": lambda t: 99 * math.exp(t) * (1 - math.exp(t)),
    "probability": lambda t: _p(t),
    "forgot_pay_of_zero": lambda t: 100 * _p(t) * (1 - _p(t)) / (_p(t) * (1 - _p(t))),
}

# ----------------------------------------------------------------------------- fisher_matrix


def _fisher_loops(scores):
    N, H, p = scores.shape
    F = np.zeros((p, p))
    for n in range(N):
        for h in range(H):
            F += np.outer(scores[n, h], scores[n, h])
    return F / N


def _fisher(scores):
    return np.einsum("nhi,nhj->ij", scores, scores) / len(scores)


RIGHT["fisher_matrix"] = [
    _fisher_loops,
    lambda s: s.reshape(-1, s.shape[2]).T @ s.reshape(-1, s.shape[2]) / len(s),
    lambda s: np.mean([x.T @ x for x in s], axis=0),
    lambda s: _fisher(s.astype(np.float32)).tolist(),
]
WRONG["fisher_matrix"] = {
    "outer_of_sum": lambda s: np.einsum("ni,nj->ij", s.sum(1), s.sum(1)) / len(s),
    "outer_of_mean": lambda s: np.outer(s.sum(1).mean(0), s.sum(1).mean(0)),
    "outer_of_grand_mean": lambda s: np.outer(s.mean((0, 1)), s.mean((0, 1))),
    "sum_over_n": lambda s: _fisher(s) * len(s),
    "mean_of_all": lambda s: _fisher(s) / s.shape[1],
    "n_minus_one": lambda s: _fisher(s) * len(s) / max(len(s) - 1, 1),
    "covariance": lambda s: np.cov(s.reshape(-1, s.shape[2]).T, bias=True).reshape(
        s.shape[2], s.shape[2]
    ),
    "covariance_of_sums": lambda s: np.cov(s.sum(1).T, bias=True).reshape(s.shape[2], s.shape[2]),
    "centred": lambda s: _fisher(s - s.mean((0, 1))),
    "inverse": lambda s: np.linalg.pinv(_fisher(s)),
    "diagonal": lambda s: np.diag(np.diag(_fisher(s))),
    "diagonal_vector": lambda s: (s**2).sum(1).mean(0),
    "minus": lambda s: -_fisher(s),
    "norms": lambda s: (s**2).sum((1, 2)).mean(),
    "damped": lambda s: _fisher(s) + 1e-2 * np.eye(s.shape[2]),
    "gram_of_episodes": lambda s: np.einsum("nhi,mhi->nm", s, s) / len(s),
    "gram_of_steps": lambda s: np.einsum("nhi,nki->hk", s, s) / len(s),
    "no_mean": lambda s: np.einsum("nhi,nhj->nij", s, s),
    "first_episode": lambda s: s[0].T @ s[0],
    "last_step": lambda s: np.einsum("ni,nj->ij", s[:, -1], s[:, -1]) / len(s),
    "first_step": lambda s: np.einsum("ni,nj->ij", s[:, 0], s[:, 0]) / len(s),
    "mean_over_steps_of_sums": lambda s: np.einsum("ni,nj->ij", s.mean(1), s.mean(1)) / len(s),
    "elementwise": lambda s: (s * s).sum(1).mean(0),
    "regularised_mean_of_all": lambda s: _fisher(s) / s.shape[1] / len(s),
    "root": lambda s: np.sqrt(np.abs(_fisher(s))),
}

# ----------------------------------------------------------------------------------- npg_step


def _x(g, F):
    return np.linalg.solve(F, g)


def _npg_root(g, F, delta):
    values, vectors = np.linalg.eigh(F)
    x = vectors @ ((vectors.T @ g) / values)
    eta = math.sqrt(2 * delta / float(np.dot(g, x)))
    return [eta * y for y in x]


RIGHT["npg_step"] = [
    _npg_root,
    lambda g, F, d: np.sqrt(2 * d / (g.T @ np.linalg.inv(F) @ g)) * np.linalg.inv(F) @ g,
    lambda g, F, d: np.sqrt(2 * d) * _x(g, F) / np.sqrt(_x(g, F) @ F @ _x(g, F)),
    lambda g, F, d: (np.sqrt(2 * d / (g @ np.linalg.pinv(F) @ g)) * np.linalg.pinv(F) @ g).astype(
        np.float32
    ),
]
WRONG["npg_step"] = {
    "printed_formula": lambda g, F, d: np.sqrt(d / (g @ F @ g)) * _x(g, F),
    "no_two": lambda g, F, d: np.sqrt(d / (g @ _x(g, F))) * _x(g, F),
    "f_in_root": lambda g, F, d: np.sqrt(2 * d / (g @ F @ g)) * _x(g, F),
    "f_twice": lambda g, F, d: np.sqrt(2 * d / (g @ F @ g)) * F @ g,
    "inverse_in_root_only": lambda g, F, d: np.sqrt(2 * d / (g @ _x(g, F))) * g,
    "f_g_with_inverse_root": lambda g, F, d: np.sqrt(2 * d / (g @ _x(g, F))) * (F @ g),
    "no_root": lambda g, F, d: 2 * d / (g @ _x(g, F)) * _x(g, F),
    "vanilla": lambda g, F, d: np.sqrt(2 * d / (g @ F @ g)) * g,
    "direction": lambda g, F, d: _x(g, F),
    "delta_times_direction": lambda g, F, d: d * _x(g, F),
    "gradient_times_delta": lambda g, F, d: d * g,
    "upside_down": lambda g, F, d: np.sqrt(g @ _x(g, F) / (2 * d)) * _x(g, F),
    "euclidean": lambda g, F, d: np.sqrt(2 * d) * _x(g, F) / np.linalg.norm(_x(g, F)),
    "euclidean_gradient": lambda g, F, d: np.sqrt(2 * d) * g / np.linalg.norm(g),
    "euclidean_delta": lambda g, F, d: d * _x(g, F) / np.linalg.norm(_x(g, F)),
    "euclidean_scaled": lambda g, F, d: np.sqrt(2 * d / (g @ g)) * g,
    "euclidean_root_natural": lambda g, F, d: np.sqrt(2 * d / (g @ g)) * _x(g, F),
    "entries_inverted": lambda g, F, d: np.sqrt(2 * d / (g @ (g / np.diag(F)))) * g / np.diag(F),
    "minus": lambda g, F, d: -np.sqrt(2 * d / (g @ _x(g, F))) * _x(g, F),
    "delta_outside": lambda g, F, d: d * np.sqrt(2 / (g @ _x(g, F))) * _x(g, F),
    "half": lambda g, F, d: np.sqrt(d / 2 / (g @ _x(g, F))) * _x(g, F),
    "delta_squared": lambda g, F, d: np.sqrt(2 * d**2 / (g @ _x(g, F))) * _x(g, F),
    "step_size": lambda g, F, d: np.sqrt(2 * d / (g @ _x(g, F))),
    "damped": lambda g, F, d: (
        np.sqrt(2 * d / (g @ _x(g, F + 0.1 * np.eye(len(g))))) * _x(g, F + 0.1 * np.eye(len(g)))
    ),
    "no_two_minus": lambda g, F, d: -np.sqrt(d / (g @ _x(g, F))) * _x(g, F),
    "no_two_no_root": lambda g, F, d: d / (g @ _x(g, F)) * _x(g, F),
}

# ------------------------------------------------------------------------- tabular_npg_update


def _norm(w):
    return w / w.sum(1, keepdims=True)


def _update_loop(pi, A, eta):
    out = np.empty_like(pi)
    for s in range(len(pi)):
        w = [pi[s, a] * math.exp(eta * A[s, a]) for a in range(pi.shape[1])]
        out[s] = np.array(w) / sum(w)
    return out


RIGHT["tabular_npg_update"] = [
    _update_loop,
    lambda pi, A, eta: _softmax(np.log(pi) + eta * A),
    lambda pi, A, eta: pi * np.exp(eta * A) / np.einsum("sa,sa->s", pi, np.exp(eta * A))[:, None],
    lambda pi, A, eta: _norm((pi * np.exp(eta * A)).astype(np.float32)).tolist(),
]
WRONG["tabular_npg_update"] = {
    "not_normalised": lambda pi, A, eta: pi * np.exp(eta * A),
    "no_old_policy": lambda pi, A, eta: _softmax(eta * A),
    "no_exp": lambda pi, A, eta: pi + eta * A,
    "no_exp_normalised": lambda pi, A, eta: _norm(pi * (1 + eta * A)),
    "linear_weights": lambda pi, A, eta: _norm(pi * eta * A),
    "softmax_of_sum": lambda pi, A, eta: _softmax(pi + eta * A),
    "no_eta": lambda pi, A, eta: _norm(pi * np.exp(A)),
    "eta_outside": lambda pi, A, eta: _norm(pi * eta * np.exp(A)),
    "axis_zero": lambda pi, A, eta: pi * np.exp(eta * A) / (pi * np.exp(eta * A)).sum(0),
    "whole_table": lambda pi, A, eta: pi * np.exp(eta * A) / (pi * np.exp(eta * A)).sum(),
    "minus": lambda pi, A, eta: _norm(pi * np.exp(-eta * A)),
    "denominator_without_pi": lambda pi, A, eta: (
        pi * np.exp(eta * A) / np.exp(eta * A).sum(1, keepdims=True)
    ),
    "greedy": lambda pi, A, eta: np.eye(pi.shape[1])[A.argmax(1)],
    "divided_by_eta": lambda pi, A, eta: _norm(pi * np.exp(A / eta)),
    "policy_twice": lambda pi, A, eta: _norm(pi * np.exp(eta * pi * A)),
    "log_policy": lambda pi, A, eta: np.log(pi) + eta * A,
    "power": lambda pi, A, eta: _norm(pi**eta * np.exp(eta * A)),
    "old_policy": lambda pi, A, eta: pi,
    "no_keepdims": lambda pi, A, eta: pi * np.exp(eta * A) / (pi * np.exp(eta * A)).sum(1),
    "exp_of_product": lambda pi, A, eta: _norm(np.exp(eta * A * pi)),
    "mixture": lambda pi, A, eta: (1 - eta) * pi + eta * _softmax(A),
    "gradient_step": lambda pi, A, eta: _softmax(np.log(pi) + eta * pi * A),
    "mean_for_sum": lambda pi, A, eta: (
        pi * np.exp(eta * A) / (pi * np.exp(eta * A)).mean(1, keepdims=True)
    ),
    "no_eta_whole_table": lambda pi, A, eta: pi * np.exp(A) / (pi * np.exp(A)).sum(),
    "minus_no_old_policy": lambda pi, A, eta: _softmax(-eta * A),
}
