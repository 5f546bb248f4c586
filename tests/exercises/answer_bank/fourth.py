"""A fourth round, written blind: what students do after the obvious slips, and a few right ones.

Of the 441 wrong answers of the round, 396 were told before any name was added. Here stand those that no earlier
round has.
"""

# mypy: ignore-errors

import math

import numpy as np

RIGHT = {}
WRONG = {}


def right(function):
    RIGHT.setdefault(function.__name__.split("__")[0], []).append(function)
    return function


def wrong(function):
    id, name = function.__name__.split("__")
    WRONG.setdefault(id, {})[name] = function
    return function


def _soft(theta):
    z = np.exp(theta - theta.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def _go(r):
    return np.cumsum(r[:, ::-1], axis=1)[:, ::-1]


def _w(scores, weights):
    return (scores * weights[:, :, None]).sum(axis=1).mean(axis=0)


def _p(Q, gamma):
    return gamma ** np.arange(Q.shape[1])


def _x(F, g):
    return np.linalg.solve(F, g)


def _u(new, old):
    return np.exp(new - old)


def _s(x):
    return x.sum(axis=1).mean()


def _g(delta, decay):
    out, acc = np.zeros(delta.shape), 0
    for h in reversed(range(delta.shape[1])):
        acc = delta[:, h] + decay * acc
        out[:, h] = acc
    return out


def _W(V, terminated):
    W = V.astype(float).copy()
    W[terminated, -1] = 0
    return W


@right
def softmax_score__by_differences(theta, s, a):
    g = np.zeros(theta.shape)
    for i in range(theta.shape[0]):
        for j in range(theta.shape[1]):
            e = np.zeros(theta.shape)
            e[i, j] = 1e-5
            g[i, j] = (np.log(_soft(theta + e)[s, a]) - np.log(_soft(theta - e)[s, a])) / 2e-5
    return g


@right
def npg_step__by_cholesky(g, F, delta):
    L = np.linalg.cholesky(F)
    y = np.linalg.solve(L, g)
    return np.linalg.solve(L.T, y) * np.sqrt(2 * delta) / np.linalg.norm(y)


@right
def kl_divergence__skips_nan(p, q):
    return np.nansum(p * np.log(p / q))


@right
def gae__by_a_matrix(r, V, gamma, lam, terminated):
    d = r + gamma * _W(V, terminated)[:, 1:] - V[:, :-1]
    lag = np.arange(r.shape[1])[:, None] - np.arange(r.shape[1])[None, :]
    return d @ np.where(lag >= 0, (gamma * lam) ** np.maximum(lag, 0), 0.0)


@right
def trajectory_log_likelihood__guards_the_zero(mu0, P, pi, s, a):
    factors = [mu0[s[0]]] + [pi[i, j] for i, j in zip(s, a, strict=False)]
    factors += [P[i, j, k] for i, j, k in zip(s, a, s[1:], strict=False)]
    return -math.inf if min(factors) == 0 else sum(math.log(x) for x in factors)


@wrong
def softmax_score__one_over_pi(theta, s, a):
    g = np.zeros(theta.shape)
    g[s, a] = 1 / _soft(theta)[s, a]
    return g


@wrong
def softmax_score__log_pi_in_the_row(theta, s, a):
    g = np.zeros(theta.shape)
    g[s] = np.log(_soft(theta)[s])
    return g


@wrong
def softmax_score__indicator_everywhere(theta, s, a):
    p = _soft(theta)
    g = np.zeros(theta.shape)
    for b in range(theta.shape[1]):
        g[:, b] = (b == a) - p[:, b]
    return g


@wrong
def softmax_score__theta_added(theta, s, a):
    g = np.array(theta, dtype=float)
    g[s] -= _soft(theta)[s]
    g[s, a] += 1
    return g


@wrong
def linear_score__column_of_features(phi, pi, a):
    return phi[:, a] - phi.T @ pi


@wrong
def linear_score__outer(phi, pi, a):
    return np.outer(phi[a], pi)


@wrong
def linear_score__pi_times_phi_a(phi, pi, a):
    return phi[a] - pi.sum() * phi[a]


@wrong
def linear_score__one_minus(phi, pi, a):
    return (1 - pi) @ phi


@wrong
def linear_score__loop_overwrites(phi, pi, a):
    for b in range(len(pi)):
        m = pi[b] * phi[b]
    return phi[a] - m


@wrong
def linear_score__in_place(phi, pi, a):
    phi -= pi @ phi
    return phi[a]


@wrong
def gaussian_score__factor_two(Theta, psi, a, sigma):
    return 2 * np.outer(a - Theta @ psi, psi) / sigma**2


@wrong
def gaussian_score__psi_normalised(Theta, psi, a, sigma):
    return np.outer(a - Theta @ psi, psi) / (sigma**2 * (psi @ psi))


@wrong
def gaussian_score__std_normal(Theta, psi, a, sigma):
    return np.outer((a - Theta @ psi) / sigma, psi / np.linalg.norm(psi))


@wrong
def gaussian_score__log_density_itself(Theta, psi, a, sigma):
    e = a - Theta @ psi
    return -0.5 * e @ e / sigma**2 - len(a) * np.log(sigma * np.sqrt(2 * np.pi))


@wrong
def gaussian_score__psi_dropped_ones(Theta, psi, a, sigma):
    return np.outer(a - Theta @ psi, np.ones_like(psi)) / sigma**2


@wrong
def gaussian_score__mean_elementwise(Theta, psi, a, sigma):
    return (a[:, None] - Theta * psi) * psi / sigma**2


@wrong
def baseline_gradient__sum_over_episodes(scores, r, b):
    return (scores * (_go(r) - b)[:, :, None]).sum(axis=0).mean(axis=0)


@wrong
def baseline_gradient__normalised_per_episode(scores, r, b):
    A = _go(r) - b
    return _w(scores, A - A.mean(axis=1, keepdims=True))


@wrong
def baseline_gradient__divided(scores, r, b):
    return _w(scores, _go(r) / b)


@wrong
def baseline_gradient__squared(scores, r, b):
    return _w(scores, (_go(r) - b) ** 2)


@wrong
def baseline_gradient__both_summed_first(scores, r, b):
    return (scores.sum(axis=1) * (_go(r) - b).sum(axis=1, keepdims=True)).mean(axis=0)


@wrong
def baseline_gradient__in_place(scores, r, b):
    for h in reversed(range(r.shape[1] - 1)):
        r[:, h] += r[:, h + 1]
    return _w(scores, r - b)


@wrong
def effective_sample_size__norm_not_squared(w):
    return np.sum(w) ** 2 / np.linalg.norm(w)


@wrong
def effective_sample_size__variance_of_normalised(w):
    v = w / w.sum()
    return 1 / np.var(v)


@wrong
def effective_sample_size__square_of_sum_of_squares(w):
    return w.sum() ** 2 / (w**2).sum() ** 2


@wrong
def effective_sample_size__integer(w):
    return w.sum() ** 2 // (w**2).sum()


@wrong
def effective_sample_size__squared_inside(w):
    return (w**2).sum() / (w**4).sum()


@wrong
def fisher_matrix__covariance_by_numpy(scores):
    flat = scores.reshape(-1, scores.shape[2])
    return np.cov(flat.T)


@wrong
def fisher_matrix__outer_per_step_over_episodes(scores):
    m = scores.mean(axis=0)
    return m.T @ m


@wrong
def fisher_matrix__gram_of_samples(scores):
    flat = scores.reshape(-1, scores.shape[2])
    return flat @ flat.T / len(scores)


@wrong
def fisher_matrix__over_n_minus_one(scores):
    return np.einsum("nhi,nhj->ij", scores, scores) / (len(scores) - 1)


@wrong
def fisher_matrix__abs(scores):
    s = np.abs(scores)
    return np.einsum("nhi,nhj->ij", s, s) / len(scores)


@wrong
def fisher_matrix__damped_a_little(scores):
    return np.einsum("nhi,nhj->ij", scores, scores) / len(scores) + 1e-3 * np.eye(scores.shape[2])


@wrong
def fisher_matrix__reshape_wrong(scores):
    flat = scores.reshape(scores.shape[2], -1)
    return flat @ flat.T / len(scores)


@wrong
def npg_step__elementwise_inverse(g, F, delta):
    x = (1 / F) @ g
    return np.sqrt(2 * delta / (g @ x)) * x


@wrong
def npg_step__root_fisher(g, F, delta):
    w, U = np.linalg.eigh(F)
    x = U @ ((U.T @ g) / np.sqrt(w))
    return np.sqrt(2 * delta / (g @ x)) * x


@wrong
def npg_step__sqrt_two_delta_times(g, F, delta):
    return np.sqrt(2 * delta) * _x(F, g)


@wrong
def tabular_npg_update__added_and_normalised(pi, A_bar, eta):
    w = pi + eta * A_bar
    return w / w.sum(axis=1, keepdims=True)


@wrong
def tabular_npg_update__vanilla(pi, A_bar, eta):
    z = np.log(pi) + eta * pi * (A_bar - (pi * A_bar).sum(axis=1, keepdims=True))
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


@wrong
def tabular_npg_update__log_returned(pi, A_bar, eta):
    z = np.log(pi) + eta * A_bar
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


@wrong
def tabular_npg_update__exp_squared(pi, A_bar, eta):
    w = pi * np.exp(eta * A_bar**2)
    return w / w.sum(axis=1, keepdims=True)


@wrong
def tabular_npg_update__clipped(pi, A_bar, eta):
    w = np.maximum(pi + eta * A_bar, 0)
    return w / w.sum(axis=1, keepdims=True)


@wrong
def trajectory_log_likelihood__policy_at_next_state(mu0, P, pi, s, a):
    t = np.log(mu0[s[0]])
    for h in range(len(s) - 1):
        t += np.log(P[s[h], a[h], s[h + 1]]) + np.log(pi[s[h + 1], a[h]])
    return t


@wrong
def trajectory_log_likelihood__all_rows_of_policy(mu0, P, pi, s, a):
    return np.log(mu0[s[0]]) + np.log(pi[s]).sum() + np.log(P[s[:-1], a[:-1], s[1:]]).sum()


@wrong
def trajectory_log_likelihood__marginal_transition(mu0, P, pi, s, a):
    M = np.einsum("sa,sat->st", pi, P)
    return np.log(mu0[s[0]]) + np.log(M[s[:-1], s[1:]]).sum()


@wrong
def reinforce_gradient__sum_of_everything(scores, r):
    return (scores * r.sum(axis=1)[:, None, None]).sum()


@wrong
def reinforce_gradient__summed_over_wrong_axis(scores, r):
    return (scores.sum(axis=1) * r.sum(axis=1, keepdims=True)).mean(axis=1)


@wrong
def reinforce_gradient__return_axis0(scores, r):
    return np.einsum("nhp,h->p", scores, r.sum(axis=0)) / len(r)


@wrong
def reinforce_gradient__divided_by_h(scores, r):
    return (scores.sum(axis=1) * r.sum(axis=1, keepdims=True)).sum(axis=0) / r.shape[1]


@wrong
def reinforce_gradient__skips_first_step(scores, r):
    return (scores[:, 1:].sum(axis=1) * r.sum(axis=1, keepdims=True)).mean(axis=0)


@wrong
def reinforce_gradient__product_of_scores(scores, r):
    return (scores.prod(axis=1) * r.sum(axis=1, keepdims=True)).mean(axis=0)


@wrong
def ppo_clip_objective__ratio_of_the_episode(logp_new, logp_old, A, eps):
    u = np.exp((logp_new - logp_old).sum(axis=1, keepdims=True))
    return np.minimum(u * A, np.clip(u, 1 - eps, 1 + eps) * A).sum(axis=1).mean()


@wrong
def ppo_clip_objective__advantage_outside_clip_only(logp_new, logp_old, A, eps):
    u = _u(logp_new, logp_old)
    return np.minimum(u * A, np.clip(u, 1 - eps, 1 + eps)).sum(axis=1).mean()


@wrong
def ppo_clip_objective__sign_of_advantage_lost(logp_new, logp_old, A, eps):
    u = _u(logp_new, logp_old)
    return np.where(A > 0, np.minimum(u, 1 + eps), np.maximum(u, 1 - eps)).sum(axis=1).mean()


@wrong
def ppo_clip_objective__prefix_ratio(logp_new, logp_old, A, eps):
    u = np.exp(np.cumsum(logp_new - logp_old, axis=1))
    return np.minimum(u * A, np.clip(u, 1 - eps, 1 + eps) * A).sum(axis=1).mean()


@wrong
def gae__same_value_both(r, V, gamma, lam, terminated):
    return _g(r + gamma * V[:, :-1] - V[:, :-1], gamma * lam)


@wrong
def gae__acc_discounts_delta(r, V, gamma, lam, terminated):
    W = _W(V, terminated)
    d = r + gamma * W[:, 1:] - W[:, :-1]
    out = np.zeros(r.shape)
    acc = 0
    for h in reversed(range(r.shape[1])):
        acc = gamma * lam * (d[:, h] + acc)
        out[:, h] = acc
    return out


@wrong
def gae__squared_decay(r, V, gamma, lam, terminated):
    W = _W(V, terminated)
    return _g(r + gamma * W[:, 1:] - W[:, :-1], (gamma * lam) ** 2)


@wrong
def gae__one_minus_lambda_in_the_decay(r, V, gamma, lam, terminated):
    W = _W(V, terminated)
    return _g(r + gamma * W[:, 1:] - W[:, :-1], gamma * (1 - lam))


@wrong
def gae__in_place_v(r, V, gamma, lam, terminated):
    V[terminated, -1] = 0
    return _g(r + gamma * V[:, 1:] - V[:, :-1], gamma * lam)


@wrong
def softmax_policy__exp_of_sum(theta):
    return np.exp(theta) / np.exp(theta.sum(axis=1, keepdims=True))


@wrong
def softmax_policy__sum_of_the_first_row(theta):
    e = np.exp(theta)
    return e / e[0].sum()


@wrong
def softmax_policy__int(theta):
    out = np.zeros(theta.shape, dtype=int)
    e = np.exp(theta)
    out[:] = e / e.sum(axis=1, keepdims=True)
    return out


@wrong
def reward_to_go__discounted_from_habit(r):
    H = r.shape[1]
    out = np.zeros(r.shape)
    run = 0
    for h in reversed(range(H)):
        run = r[:, h] + 0.9 * run
        out[:, h] = run
    return out


@wrong
def reward_to_go__loop_first_untouched(r):
    out = np.array(r, float)
    for h in range(r.shape[1] - 2, 0, -1):
        out[:, h] += out[:, h + 1]
    return out


@wrong
def reward_to_go__in_place(r):
    for h in range(r.shape[1] - 2, -1, -1):
        r[:, h] += r[:, h + 1]
    return r


@wrong
def reward_to_go__own_times_left(r):
    return r * np.arange(r.shape[1], 0, -1)


@wrong
def reward_to_go__total_minus_cumsum_plus_next(r):
    nxt = np.column_stack([r[:, 1:], np.zeros(len(r))])
    return r.sum(axis=1, keepdims=True) - np.cumsum(r, axis=1) + nxt


@wrong
def reward_to_go__squeezed(r):
    return np.squeeze(np.cumsum(r[:, ::-1], axis=1)[:, ::-1]).sum(axis=-1)


@wrong
def discounted_gradient__no_q(scores, Q, gamma):
    return _w(scores, np.ones_like(Q) * _p(Q, gamma))


@wrong
def discounted_gradient__first_q(scores, Q, gamma):
    return _w(scores, Q[:, :1] * _p(Q, gamma))


@wrong
def discounted_gradient__skip_first(scores, Q, gamma):
    g = 0
    for h in range(1, Q.shape[1]):
        g = g + gamma**h * (scores[:, h] * Q[:, h, None]).mean(axis=0)
    return g


@wrong
def importance_sampling_mean__p_normalised(f, p, q):
    return (f * p / q).sum() / p.sum()


@wrong
def importance_sampling_mean__q_sum(f, p, q):
    return (f * p / q).sum() / q.sum()


@wrong
def performance_difference__log_policy(d_new, pi_new, A_old):
    return np.einsum("hs,hsa,hsa->", d_new, np.log(pi_new + 1e-12), A_old)


@wrong
def performance_difference__shifted_occupancy(d_new, pi_new, A_old):
    return np.einsum("hs,hsa,hsa->", d_new[1:], pi_new[:-1], A_old[:-1])


@wrong
def trpo_surrogate__clipped_from_habit(logp_new, logp_old, A):
    return _s(np.clip(_u(logp_new, logp_old), 0.8, 1.2) * A)


@wrong
def trpo_surrogate__no_advantage(logp_new, logp_old, A):
    return _s(_u(logp_new, logp_old))


@wrong
def trpo_surrogate__exp_of_product(logp_new, logp_old, A):
    return _s(np.exp((logp_new - logp_old) * A))


@wrong
def trpo_surrogate__cumulative_advantage(logp_new, logp_old, A):
    return _s(_u(logp_new, logp_old) * np.cumsum(A[:, ::-1], axis=1)[:, ::-1])


@wrong
def ppo_penalty_objective__ratio_penalty(logp_new, logp_old, A, lam):
    return _s(_u(logp_new, logp_old) * (A + lam))


@wrong
def ppo_penalty_objective__squared(logp_new, logp_old, A, lam):
    return _s(_u(logp_new, logp_old) * A - lam * (logp_new - logp_old) ** 2)


@wrong
def ppo_penalty_objective__half(logp_new, logp_old, A, lam):
    return _s(_u(logp_new, logp_old) * A + 0.5 * lam * logp_new)
