"""Answers to the exercises on whole loops, repairs, derivations and counterexamples."""

# mypy: ignore-errors

import math

import numpy as np

RIGHT: dict = {}
WRONG: dict = {}

# ------------------------------------------------------------------------- one_step_gain

RIGHT["one_step_gain"] = [
    lambda g, eta, beta, s2: (
        eta * sum(x * x for x in g) - beta / 2 * eta**2 * (sum(x * x for x in g) + s2)
    ),
    lambda g, eta, beta, s2: (
        (eta - beta * eta**2 / 2) * np.linalg.norm(g) ** 2 - beta * eta**2 * s2 / 2
    ),
    lambda g, eta, beta, s2: np.float32(eta * (g @ g) - 0.5 * beta * eta**2 * ((g @ g) + s2)),
    lambda g, eta, beta, s2: np.dot(g, eta * g) - 0.5 * beta * (eta * eta * (np.sum(g**2) + s2)),
]
WRONG["one_step_gain"] = {
    "no_noise": lambda g, eta, beta, s2: eta * (g @ g) - beta / 2 * eta**2 * (g @ g),
    "noise_only": lambda g, eta, beta, s2: eta * (g @ g) - beta / 2 * eta**2 * s2,
    "no_half": lambda g, eta, beta, s2: eta * (g @ g) - beta * eta**2 * (g @ g + s2),
    "eta_linear": lambda g, eta, beta, s2: eta * (g @ g) - beta / 2 * eta * (g @ g + s2),
    "norms": lambda g, eta, beta, s2: (
        eta * np.linalg.norm(g) - beta / 2 * eta**2 * (np.linalg.norm(g) + s2)
    ),
    "minus_noise": lambda g, eta, beta, s2: eta * (g @ g) - beta / 2 * eta**2 * (g @ g - s2),
    "sigma_fourth": lambda g, eta, beta, s2: eta * (g @ g) - beta / 2 * eta**2 * (g @ g + s2**2),
    "root_noise": lambda g, eta, beta, s2: (
        eta * (g @ g) - beta / 2 * eta**2 * (g @ g + np.sqrt(s2))
    ),
    "linear": lambda g, eta, beta, s2: eta * (g @ g),
    "plus": lambda g, eta, beta, s2: eta * (g @ g) + beta / 2 * eta**2 * (g @ g + s2),
    "no_beta": lambda g, eta, beta, s2: eta * (g @ g) - eta**2 / 2 * (g @ g + s2),
    "beta_squared": lambda g, eta, beta, s2: eta * (g @ g) - beta**2 / 2 * eta**2 * (g @ g + s2),
    "negative": lambda g, eta, beta, s2: -(eta * (g @ g) - beta / 2 * eta**2 * (g @ g + s2)),
    "no_eta": lambda g, eta, beta, s2: g @ g - beta / 2 * (g @ g + s2),
    "square_of_sum": lambda g, eta, beta, s2: (
        eta * (g @ g) - beta / 2 * eta**2 * (np.linalg.norm(g) + np.sqrt(s2)) ** 2
    ),
    "entries": lambda g, eta, beta, s2: eta * g**2 - beta / 2 * eta**2 * (g**2 + s2),
    "mean_square": lambda g, eta, beta, s2: (
        eta * (g**2).mean() - beta / 2 * eta**2 * ((g**2).mean() + s2)
    ),
    "best_step": lambda g, eta, beta, s2: (g @ g) ** 2 / (2 * beta * (g @ g + s2)),
}

# ------------------------------------------------------------------------------ sgd_bound

RIGHT["sgd_bound"] = [
    lambda beta, D, s2, eta: (2 * D + beta * s2 * sum(x**2 for x in eta)) / sum(eta),
    lambda beta, D, s2, eta: 2 / np.sum(eta) * (D + beta * s2 * np.dot(eta, eta) / 2),
    lambda beta, D, s2, eta: (D + 0.5 * beta * s2 * (eta @ eta)) / (0.5 * eta).sum(),
    lambda beta, D, s2, eta: np.float32((2 * D + beta * s2 * (eta**2).sum()) / eta.sum()),
]
WRONG["sgd_bound"] = {
    "no_two": lambda beta, D, s2, eta: (D + beta * s2 * (eta @ eta)) / eta.sum(),
    "half": lambda beta, D, s2, eta: (D + beta * s2 * (eta @ eta) / 2) / eta.sum(),
    "square_of_sum": lambda beta, D, s2, eta: (2 * D + beta * s2 * eta.sum() ** 2) / eta.sum(),
    "by_count": lambda beta, D, s2, eta: (2 * D + beta * s2 * (eta @ eta)) / len(eta),
    "no_noise": lambda beta, D, s2, eta: 2 * D / eta.sum(),
    "not_squared": lambda beta, D, s2, eta: (2 * D + beta * s2 * eta.sum()) / eta.sum(),
    "minus": lambda beta, D, s2, eta: (2 * D - beta * s2 * (eta @ eta)) / eta.sum(),
    "sigma_fourth": lambda beta, D, s2, eta: (2 * D + beta * s2**2 * (eta @ eta)) / eta.sum(),
    "no_beta": lambda beta, D, s2, eta: (2 * D + s2 * (eta @ eta)) / eta.sum(),
    "root": lambda beta, D, s2, eta: np.sqrt((2 * D + beta * s2 * (eta @ eta)) / eta.sum()),
    "by_squares": lambda beta, D, s2, eta: (2 * D + beta * s2 * (eta @ eta)) / (eta @ eta),
    "only_noise": lambda beta, D, s2, eta: beta * s2 * (eta @ eta) / eta.sum(),
    "not_divided": lambda beta, D, s2, eta: 2 * D + beta * s2 * (eta @ eta),
    "mean_step": lambda beta, D, s2, eta: 2 * D / eta.sum() + beta * s2 * eta.mean(),
    "first_step": lambda beta, D, s2, eta: (
        (2 * D + beta * s2 * len(eta) * eta[0] ** 2) / (len(eta) * eta[0])
    ),
    "noise_doubled": lambda beta, D, s2, eta: (2 * D + 2 * beta * s2 * (eta @ eta)) / eta.sum(),
    "largest_step": lambda beta, D, s2, eta: 2 * D / eta.sum() + beta * s2 * eta.max(),
}

# ------------------------------------------------------------------------ optimal_baseline


def _norm2(s):
    return (s**2).sum(1)


RIGHT["optimal_baseline"] = [
    lambda s, R: np.average(R, weights=_norm2(s)),
    lambda s, R: sum((x @ x) * y for x, y in zip(s, R, strict=True)) / sum(x @ x for x in s),
    lambda s, R: np.einsum("np,np,n->", s, s, R) / np.einsum("np,np->", s, s),
    lambda s, R: (
        np.mean(np.linalg.norm(s, axis=1) ** 2 * R) / np.mean(np.linalg.norm(s, axis=1) ** 2)
    ),
]
WRONG["optimal_baseline"] = {
    "mean": lambda s, R: R.mean(),
    "median": lambda s, R: np.median(R),
    "lengths": lambda s, R: np.average(R, weights=np.sqrt(_norm2(s))),
    "not_divided": lambda s, R: (_norm2(s) * R).mean(),
    "sum": lambda s, R: (_norm2(s) * R).sum(),
    "per_parameter": lambda s, R: (s**2 * R[:, None]).sum(0) / (s**2).sum(0),
    "sum_squared": lambda s, R: np.average(R, weights=s.sum(1) ** 2),
    "returns_squared": lambda s, R: np.average(R**2, weights=_norm2(s)),
    "signed": lambda s, R: (s.sum(1) * R).sum() / s.sum(),
    "product_of_means": lambda s, R: _norm2(s).mean() * R.mean(),
    "upside_down": lambda s, R: _norm2(s).sum() / (_norm2(s) * R).sum(),
    "inverse": lambda s, R: np.average(R, weights=1 / _norm2(s)),
    "minimum": lambda s, R: (_norm2(s) * (R - np.average(R, weights=_norm2(s))) ** 2).mean(),
    "negative": lambda s, R: -np.average(R, weights=_norm2(s)),
    "divided_by_n": lambda s, R: (_norm2(s) * R).sum() / _norm2(s).sum() / len(R),
    "fourth": lambda s, R: np.average(R, weights=_norm2(s) ** 2),
    "largest_norm": lambda s, R: R[_norm2(s).argmax()],
    "gradient": lambda s, R: (s * R[:, None]).mean(0),
    "absolute": lambda s, R: np.average(R, weights=np.abs(s).sum(1)),
}

# ------------------------------------------------------------------------- per_decision_is


def _pd(n, o, r):
    return (np.exp(np.cumsum(n - o, 1)) * r).sum(1).mean()


def _pd_loop(n, o, r):
    total = 0.0
    for i in range(len(r)):
        w = 1.0
        for h in range(r.shape[1]):
            w *= math.exp(n[i, h]) / math.exp(o[i, h])
            total += w * r[i, h]
    return total / len(r)


RIGHT["per_decision_is"] = [
    _pd_loop,
    lambda n, o, r: np.mean(np.sum(np.cumprod(np.exp(n) / np.exp(o), axis=1) * r, axis=1)),
    lambda n, o, r: (
        np.einsum("nh,nh->", np.exp((n - o) @ np.triu(np.ones((r.shape[1],) * 2))), r) / len(r)
    ),
    lambda n, o, r: sum(
        (np.exp((n - o)[:, : h + 1].sum(1)) * r[:, h]).mean() for h in range(r.shape[1])
    ),
]
WRONG["per_decision_is"] = {
    "whole": lambda n, o, r: (np.exp((n - o).sum(1)) * r.sum(1)).mean(),
    "own_ratio": lambda n, o, r: (np.exp(n - o) * r).sum(1).mean(),
    "future": lambda n, o, r: (np.exp(np.cumsum((n - o)[:, ::-1], 1)[:, ::-1]) * r).sum(1).mean(),
    "one_early": lambda n, o, r: (np.exp(np.cumsum(n - o, 1) - (n - o)) * r).sum(1).mean(),
    "sum_of_ratios": lambda n, o, r: (np.cumsum(np.exp(n - o), 1) * r).sum(1).mean(),
    "no_exp": lambda n, o, r: (np.cumsum(n - o, 1) * r).sum(1).mean(),
    "no_exp_cumprod": lambda n, o, r: (np.cumprod(n - o, 1) * r).sum(1).mean(),
    "inverted": lambda n, o, r: _pd(o, n, r),
    "no_weights": lambda n, o, r: r.sum(1).mean(),
    "normalised": lambda n, o, r: (
        (np.exp(np.cumsum(n - o, 1)) * r).sum(0) / np.exp(np.cumsum(n - o, 1)).sum(0)
    ).sum(),
    "to_go": lambda n, o, r: (
        (np.exp(np.cumsum(n - o, 1)) * np.cumsum(r[:, ::-1], 1)[:, ::-1]).sum(1).mean()
    ),
    "axis_zero": lambda n, o, r: (np.exp(np.cumsum(n - o, 0)) * r).sum(1).mean(),
    "flat": lambda n, o, r: (np.exp(np.cumsum(n - o).reshape(r.shape)) * r).sum(1).mean(),
    "new_only": lambda n, o, r: (np.exp(np.cumsum(n, 1)) * r).sum(1).mean(),
    "ratio_of_logs": lambda n, o, r: (np.cumprod(n / o, 1) * r).sum(1).mean(),
    "mean_of_all": lambda n, o, r: (np.exp(np.cumsum(n - o, 1)) * r).mean(),
    "sum_of_all": lambda n, o, r: (np.exp(np.cumsum(n - o, 1)) * r).sum(),
    "minus": lambda n, o, r: -_pd(n, o, r),
    "per_episode": lambda n, o, r: (np.exp(np.cumsum(n - o, 1)) * r).sum(1),
    "past_rewards": lambda n, o, r: (np.exp(np.cumsum(n - o, 1)) * np.cumsum(r, 1)).sum(1).mean(),
    "mean_ratio": lambda n, o, r: (
        (np.exp(np.cumsum(n - o, 1) / np.arange(1, r.shape[1] + 1)) * r).sum(1).mean()
    ),
    "last_weight_times_mean": lambda n, o, r: np.exp((n - o).sum(1)).mean() * r.sum(1).mean(),
}

# ---------------------------------------------------------------------- derive_kl_gaussian


def _kg(m1, s1, m2, s2):
    return math.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5


def _kg_numeric(m1, s1, m2, s2):
    x, w = np.polynomial.hermite_e.hermegauss(12)
    x = m1 + s1 * x
    log = -np.log(s1) - (x - m1) ** 2 / (2 * s1**2) + np.log(s2) + (x - m2) ** 2 / (2 * s2**2)
    return (w * log).sum() / w.sum()


RIGHT["derive_kl_gaussian"] = [
    _kg,
    _kg_numeric,
    lambda m1, s1, m2, s2: (
        0.5 * (np.log(s2**2 / s1**2) + (s1 / s2) ** 2 + ((m1 - m2) / s2) ** 2 - 1)
    ),
    lambda m1, s1, m2, s2: np.float32(_kg(m1, s1, m2, s2)),
]
WRONG["derive_kl_gaussian"] = {
    "swapped": lambda m1, s1, m2, s2: _kg(m2, s2, m1, s1),
    "no_half": lambda m1, s1, m2, s2: _kg(m1, s1, m2, s2) + 0.5,
    "minus_one": lambda m1, s1, m2, s2: _kg(m1, s1, m2, s2) - 0.5,
    "no_log": lambda m1, s1, m2, s2: _kg(m1, s1, m2, s2) - math.log(s2 / s1),
    "log_inverted": lambda m1, s1, m2, s2: _kg(m1, s1, m2, s2) - 2 * math.log(s2 / s1),
    "log_variances": lambda m1, s1, m2, s2: _kg(m1, s1, m2, s2) + math.log(s2 / s1),
    "half_log": lambda m1, s1, m2, s2: _kg(m1, s1, m2, s2) - math.log(s2 / s1) / 2,
    "equal_widths": lambda m1, s1, m2, s2: (m1 - m2) ** 2 / (2 * s2**2),
    "equal_widths_first": lambda m1, s1, m2, s2: (m1 - m2) ** 2 / (2 * s1**2),
    "no_own_variance": lambda m1, s1, m2, s2: (
        math.log(s2 / s1) + (m1 - m2) ** 2 / (2 * s2**2) - 0.5
    ),
    "divides_by_first": lambda m1, s1, m2, s2: (
        math.log(s2 / s1) + (s2**2 + (m1 - m2) ** 2) / (2 * s1**2) - 0.5
    ),
    "no_two": lambda m1, s1, m2, s2: math.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / s2**2 - 0.5,
    "deviations": lambda m1, s1, m2, s2: math.log(s2 / s1) + (s1 + (m1 - m2) ** 2) / (2 * s2) - 0.5,
    "taken_as_variances": lambda m1, s1, m2, s2: _kg(m1, math.sqrt(s1), m2, math.sqrt(s2)),
    "mean_not_squared": lambda m1, s1, m2, s2: (
        math.log(s2 / s1) + (s1**2 + abs(m1 - m2)) / (2 * s2**2) - 0.5
    ),
    "minus": lambda m1, s1, m2, s2: -_kg(m1, s1, m2, s2),
    "symmetric": lambda m1, s1, m2, s2: (_kg(m1, s1, m2, s2) + _kg(m2, s2, m1, s1)) / 2,
    "log2": lambda m1, s1, m2, s2: _kg(m1, s1, m2, s2) / math.log(2),
    "half_of_everything": lambda m1, s1, m2, s2: _kg(m1, s1, m2, s2) / 2,
    "log_ratio_at_mean": lambda m1, s1, m2, s2: math.log(s2 / s1) + (m1 - m2) ** 2 / (2 * s2**2),
    "sum_of_means": lambda m1, s1, m2, s2: (
        math.log(s2 / s1) + (s1**2 + (m1 + m2) ** 2) / (2 * s2**2) - 0.5
    ),
}

# --------------------------------------------------------------------------- trajectory_kl


def _visits(mdp, pi, H=None):
    d = [mdp.mu0]
    for _ in range((H or mdp.H) - 1):
        d.append(
            sum(
                d[-1][s] * pi[s, a] * mdp.P[s, a]
                for s in range(len(pi))
                for a in range(pi.shape[1])
            )
        )
    return np.array(d)


def _state_kl(p, q):
    return (p * np.log(p / q)).sum(1)


def _enumerated(mdp, pi, new):
    def below(s, h):
        total = 0.0
        for a in range(pi.shape[1]):
            follow = 0.0
            if h + 1 < mdp.H:
                follow = sum(mdp.P[s, a, t] * below(t, h + 1) for t in range(len(pi)))
            total += pi[s, a] * (math.log(pi[s, a] / new[s, a]) + follow)
        return total

    return sum(mdp.mu0[s] * below(s, 0) for s in range(len(pi)))


def _backwards(mdp, pi, new):
    k = np.zeros(len(pi))
    for _ in range(mdp.H):
        k = (pi * (np.log(pi) - np.log(new) + mdp.P @ k)).sum(1)
    return mdp.mu0 @ k


RIGHT["trajectory_kl"] = [
    _enumerated,
    _backwards,
    lambda mdp, pi, new: (_visits(mdp, pi) @ _state_kl(pi, new)).sum(),
    lambda mdp, pi, new: np.einsum("hs,sa,sa->", _visits(mdp, pi), pi, np.log(pi) - np.log(new)),
]
WRONG["trajectory_kl"] = {
    "swapped": lambda mdp, pi, new: _backwards(mdp, new, pi),
    "new_states": lambda mdp, pi, new: (_visits(mdp, new) @ _state_kl(pi, new)).sum(),
    "start_only_times_h": lambda mdp, pi, new: mdp.H * mdp.mu0 @ _state_kl(pi, new),
    "first_step": lambda mdp, pi, new: mdp.mu0 @ _state_kl(pi, new),
    "mean": lambda mdp, pi, new: (_visits(mdp, pi) @ _state_kl(pi, new)).mean(),
    "sum_of_states": lambda mdp, pi, new: mdp.H * _state_kl(pi, new).sum(),
    "one_sum_of_states": lambda mdp, pi, new: _state_kl(pi, new).sum(),
    "mean_of_states": lambda mdp, pi, new: mdp.H * _state_kl(pi, new).mean(),
    "one_mean_of_states": lambda mdp, pi, new: _state_kl(pi, new).mean(),
    "unweighted_actions": lambda mdp, pi, new: (_visits(mdp, pi) @ np.log(pi / new).sum(1)).sum(),
    "weighted_by_new": lambda mdp, pi, new: (
        _visits(mdp, pi) @ (new * np.log(pi / new)).sum(1)
    ).sum(),
    "one_less": lambda mdp, pi, new: (_visits(mdp, pi)[:-1] @ _state_kl(pi, new)).sum(),
    "one_more": lambda mdp, pi, new: (_visits(mdp, pi, mdp.H + 1) @ _state_kl(pi, new)).sum(),
    "moved_first": lambda mdp, pi, new: (
        _visits(mdp, pi, mdp.H + 1)[1:] @ _state_kl(pi, new)
    ).sum(),
    "minus": lambda mdp, pi, new: -_backwards(mdp, pi, new),
    "total_variation": lambda mdp, pi, new: (_visits(mdp, pi) @ np.abs(pi - new).sum(1) / 2).sum(),
    "per_step": lambda mdp, pi, new: _visits(mdp, pi) @ _state_kl(pi, new),
    "per_state": lambda mdp, pi, new: _state_kl(pi, new),
    "log2": lambda mdp, pi, new: _backwards(mdp, pi, new) / math.log(2),
    "entropy_missing": lambda mdp, pi, new: -(_visits(mdp, pi) @ (pi * np.log(new)).sum(1)).sum(),
    "likeliest_action": lambda mdp, pi, new: (
        _visits(mdp, pi) @ np.log(pi / new)[np.arange(len(pi)), pi.argmax(1)]
    ).sum(),
    "swapped_mean": lambda mdp, pi, new: _backwards(mdp, new, pi) / mdp.H,
}

# ---------------------------------------------------------------------------- mixture_step


def _hot(Q):
    return np.eye(Q.shape[1])[Q.argmax(1)]


def _mix_loop(pi, Q, alpha):
    out = pi * (1 - alpha)
    for s in range(len(pi)):
        out[s, np.argmax(Q[s])] += alpha
    return out


RIGHT["mixture_step"] = [
    _mix_loop,
    lambda pi, Q, alpha: pi + alpha * (_hot(Q) - pi),
    lambda pi, Q, alpha: (1 - alpha) * pi + alpha * (Q.max(1, keepdims=True) == Q),
    lambda pi, Q, alpha: _mix_loop(pi.astype("f4"), Q, alpha).tolist(),
]
WRONG["mixture_step"] = {
    "exchanged": lambda pi, Q, alpha: alpha * pi + (1 - alpha) * _hot(Q),
    "greedy": lambda pi, Q, alpha: _hot(Q),
    "softmax": lambda pi, Q, alpha: (
        (1 - alpha) * pi + alpha * np.exp(Q) / np.exp(Q).sum(1, keepdims=True)
    ),
    "added": lambda pi, Q, alpha: pi + alpha * _hot(Q),
    "added_normalised": lambda pi, Q, alpha: (
        (pi + alpha * _hot(Q)) / (pi + alpha * _hot(Q)).sum(1, keepdims=True)
    ),
    "values": lambda pi, Q, alpha: (1 - alpha) * pi + alpha * Q,
    "axis_zero": lambda pi, Q, alpha: (1 - alpha) * pi + alpha * (Q.max(0) == Q),
    "whole_table": lambda pi, Q, alpha: (1 - alpha) * pi + alpha * (Q.max() == Q),
    "argmin": lambda pi, Q, alpha: (1 - alpha) * pi + alpha * _hot(-Q),
    "epsilon_greedy": lambda pi, Q, alpha: (1 - alpha) / Q.shape[1] + alpha * _hot(Q),
    "epsilon_greedy_reversed": lambda pi, Q, alpha: alpha / Q.shape[1] + (1 - alpha) * _hot(Q),
    "old_best": lambda pi, Q, alpha: (1 - alpha) * pi + alpha * _hot(pi),
    "expected": lambda pi, Q, alpha: (1 - alpha) * pi + alpha * _hot(pi * Q),
    "exponential": lambda pi, Q, alpha: (
        pi * np.exp(alpha * Q) / (pi * np.exp(alpha * Q)).sum(1, keepdims=True)
    ),
    "unchanged": lambda pi, Q, alpha: pi,
    "argmax_as_row": lambda pi, Q, alpha: (1 - alpha) * pi + alpha * Q.argmax(1)[:, None],
    "only_alpha": lambda pi, Q, alpha: alpha * _hot(Q),
    "transposed": lambda pi, Q, alpha: _mix_loop(pi, Q, alpha).T,
    "set_not_added": lambda pi, Q, alpha: np.where(_hot(Q) > 0, alpha, (1 - alpha) * pi),
}

# ------------------------------------------------------------------- fisher_vector_product

RIGHT["fisher_vector_product"] = [
    lambda s, v: np.einsum("nhi,nhj,j->i", s, s, v) / len(s),
    lambda s, v: sum(g * (g @ v) for e in s for g in e) / len(s),
    lambda s, v: s.reshape(-1, s.shape[2]).T @ (s.reshape(-1, s.shape[2]) @ v) / len(s),
    lambda s, v: list(np.tensordot(s @ v, s, ([0, 1], [0, 1])) / np.float64(len(s))),
]
WRONG["fisher_vector_product"] = {
    "summed_scores": lambda s, v: (s.sum(1) * (s.sum(1) @ v)[:, None]).mean(0),
    "diagonal": lambda s, v: (s**2).sum(1).mean(0) * v,
    "products": lambda s, v: (s @ v).sum(1).mean(),
    "products_table": lambda s, v: s @ v,
    "quadratic": lambda s, v: ((s @ v) ** 2).sum(1).mean(),
    "separate_means": lambda s, v: (s @ v).sum(1).mean() * s.sum(1).mean(0),
    "centred": lambda s, v: (
        np.einsum("nhi,nhj,j->i", s - s.mean((0, 1)), s - s.mean((0, 1)), v) / len(s)
    ),
    "mean_of_all": lambda s, v: ((s @ v)[:, :, None] * s).mean((0, 1)),
    "sum_of_all": lambda s, v: ((s @ v)[:, :, None] * s).sum((0, 1)),
    "minus": lambda s, v: -((s @ v)[:, :, None] * s).sum(1).mean(0),
    "ones": lambda s, v: (s.sum(2)[:, :, None] * s).sum(1).mean(0),
    "times_v": lambda s, v: s.sum(1).mean(0) * v,
    "inverse": lambda s, v: np.linalg.pinv(np.einsum("nhi,nhj->ij", s, s) / len(s)) @ v,
    "damped": lambda s, v: ((s @ v)[:, :, None] * s).sum(1).mean(0) + 0.1 * v,
    "last": lambda s, v: (s[:, -1] * (s[:, -1] @ v)[:, None]).mean(0),
    "first_episode": lambda s, v: (s[0] * (s[0] @ v)[:, None]).sum(0),
    "no_mean": lambda s, v: ((s @ v)[:, :, None] * s).sum(1),
    "no_scores_again": lambda s, v: (s * v).sum(1).mean(0),
    "grand_mean": lambda s, v: s.mean((0, 1)) * (s.mean((0, 1)) @ v),
    "projection": lambda s, v: ((s @ v)[:, :, None] * s / (s**2).sum(2)[:, :, None]).sum(1).mean(0),
}

# ---------------------------------------------------------------------- conjugate_gradient


def _cg(fvp, b, iters, tol, at_start=False):
    x = [0.0] * len(b)
    r, q = list(b), list(b)
    rr = sum(y * y for y in r)
    for _ in range(iters):
        if math.sqrt(rr) <= tol:
            return x
        z = fvp(np.array(q))
        alpha = rr / sum(i * j for i, j in zip(q, z, strict=True))
        x = [i + alpha * j for i, j in zip(x, q, strict=True)]
        r = [i - alpha * j for i, j in zip(r, z, strict=True)]
        rr, old = sum(y * y for y in r), rr
        q = [i + rr / old * j for i, j in zip(r, q, strict=True)]
    return x


def _cg_while(fvp, b, iters, tol):
    x = np.zeros(len(b))
    r = b - fvp(x) if iters > 0 else b
    p = r.copy()
    k = 0
    while k < iters and np.linalg.norm(r) > tol:
        Ap = fvp(p)
        a = np.dot(r, r) / np.dot(p, Ap)
        x, new = x + a * p, r - a * Ap
        p = new + np.dot(new, new) / np.dot(r, r) * p
        r, k = new, k + 1
    return x


def _cg_late_check(fvp, b, iters, tol):
    x, r, p = np.zeros_like(b), b, b
    for _ in range(iters):
        Ap = fvp(p)
        a = r.dot(r) / p.dot(Ap)
        x = x + a * p
        new = r - a * Ap
        if np.linalg.norm(new) <= tol:
            break
        p = new + new.dot(new) / r.dot(r) * p
        r = new
    return x


def _cg_f32(fvp, b, iters, tol):
    return np.array(_cg(fvp, b, iters, tol), dtype=np.float32)


def _loop(change):
    def answer(fvp, b, iters, tol):
        x, r, p = np.zeros_like(b), b.copy(), b.copy()
        for _ in range(iters):
            if change != "no_check" and np.linalg.norm(r) <= tol:
                break
            Ap = fvp(p)
            a = {"p_p": p @ p, "r_p": r @ p, "no_root": np.sqrt(r @ r)}.get(change, r @ r) / (
                r @ Ap if change == "r_ap" else p @ p if change == "no_f" else p @ Ap
            )
            x = x - a * p if change == "minus" else a * p if change == "set" else x + a * p
            new = r + a * Ap if change == "r_plus" else r - a * Ap
            beta = new @ new / (r @ r)
            if change == "overwritten":
                beta = 1.0
            if change == "beta_inverse":
                beta = 1 / beta if beta > 1e-300 else 0.0
            if change == "beta_root":
                beta = np.sqrt(beta)
            if change == "steepest":
                beta = 0.0
            if change == "beta_minus":
                beta = -beta
            p = (r if change == "old_r" else new) + beta * p
            r = new
        return r if change == "returns_r" else p if change == "returns_p" else x

    return answer


def _calls_twice(fvp, b, iters, tol):
    x, r, p = np.zeros_like(b), b.copy(), b.copy()
    for _ in range(iters):
        if np.linalg.norm(r) <= tol:
            break
        a = r @ r / (p @ fvp(p))
        x = x + a * p
        new = r - a * fvp(p)
        p = new + new @ new / (r @ r) * p
        r = new
    return x


RIGHT["conjugate_gradient"] = [_cg, _cg_while, _cg_late_check, _cg_f32]
WRONG["conjugate_gradient"] = {
    "calls_twice": _calls_twice,
    "steepest": _loop("steepest"),
    "beta_inverse": _loop("beta_inverse"),
    "beta_root": _loop("beta_root"),
    "r_overwritten": _loop("overwritten"),
    "old_r": _loop("old_r"),
    "p_p": _loop("p_p"),
    "minus": _loop("minus"),
    "r_plus": _loop("r_plus"),
    "no_check": _loop("no_check"),
    "returns_r": _loop("returns_r"),
    "returns_p": _loop("returns_p"),
    "set_not_added": _loop("set"),
    "no_f": _loop("no_f"),
    "beta_minus": _loop("beta_minus"),
    "no_root": _loop("no_root"),
    "one_less": lambda fvp, b, iters, tol: _loop("")(fvp, b, iters - 1, tol),
    "builds_f": lambda fvp, b, iters, tol: np.linalg.solve(
        np.array([fvp(e) for e in np.eye(len(b))]), b
    ),
    "zeros": lambda fvp, b, iters, tol: np.zeros_like(b),
    "b": lambda fvp, b, iters, tol: b,
    "in_place": lambda fvp, b, iters, tol: _in_place(fvp, b, iters, tol),
}


def _in_place(fvp, b, iters, tol):
    r, p, x = b, b.copy(), np.zeros_like(b)
    for _ in range(iters):
        Ap = fvp(p)
        a = r @ r / (p @ Ap)
        x += a * p
        old = r @ r
        r -= a * Ap
        p = r + r @ r / old * p
    return x
