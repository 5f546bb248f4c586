"""More answers: line searches, epochs, whole algorithms, repairs, worlds, and runs compared."""

# mypy: ignore-errors

import math

import numpy as np

RIGHT: dict = {}
WRONG: dict = {}


def _softmax(theta):
    w = np.exp(theta - theta.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True)


# ------------------------------------------------------------------------------- trpo_step


def _solve(fvp, g):
    return np.linalg.solve(np.array([fvp(e) for e in np.eye(len(g))]), g)


def _cg(fvp, b):
    x, r, p = np.zeros_like(b), b.copy(), b.copy()
    for _ in range(2 * len(b)):
        if r @ r < 1e-24:
            break
        z = fvp(p)
        a = r @ r / (p @ z)
        x, new = x + a * p, r - a * z
        p, r = new + new @ new / (r @ r) * p, new
    return x


def _trpo_cg(g, fvp, surrogate, kl, theta, delta):
    x = _cg(fvp, g)
    step = math.sqrt(2 * delta / (x @ fvp(x))) * x
    for k in range(10):
        candidate = theta + 0.5**k * step
        if kl(candidate) > delta or surrogate(candidate) <= surrogate(theta):
            continue
        return candidate
    return theta


def _trpo_while(g, fvp, surrogate, kl, theta, delta):
    x = _solve(fvp, g)
    d, before, tries = np.sqrt(2 * delta / np.dot(g, x)) * x, surrogate(theta), 0
    while tries < 10 and not (kl(theta + d) <= delta and surrogate(theta + d) > before):
        d, tries = d / 2, tries + 1
    return theta + d if tries < 10 else theta


def _trpo_next(g, fvp, surrogate, kl, theta, delta):
    x = _solve(fvp, g)
    d = np.sqrt(2 * delta / (g @ x)) * x
    ok = (
        theta + d * 2.0**-k
        for k in range(10)
        if kl(theta + d * 2.0**-k) <= delta and surrogate(theta + d * 2.0**-k) > surrogate(theta)
    )
    return next(ok, theta)


RIGHT["trpo_step"] = [
    _trpo_cg,
    _trpo_while,
    _trpo_next,
    lambda *x: np.asarray(_trpo_while(*x), dtype=np.float32).tolist(),
]


def _trpo(change="", tries=10, shrink=0.5):
    def answer(g, fvp, surrogate, kl, theta, delta):
        x = g if change == "plain" else fvp(g) if change == "times_f" else _solve(fvp, g)
        scale = {"no_two": delta, "half": delta / 2}.get(change, 2 * delta) / (
            g @ g if change == "euclidean" else x @ x if change == "x_x" else x @ fvp(x)
        )
        d = (scale if change == "no_root" else np.sqrt(scale)) * x
        before = 0.0 if change == "zero" else surrogate(theta)
        bound = {"loose": 1.5 * delta, "sqrt": np.sqrt(delta)}.get(change, delta)
        for _ in range(tries):
            near, better = kl(theta + d) <= bound, surrogate(theta + d) > before
            near, better = near or change == "no_kl", better or change == "no_surrogate"
            if change == "worse":
                better = surrogate(theta + d) < before
            if (near or better) if change == "or" else (near and better):
                return d if change == "returns_step" else theta + d
            d = d * shrink
        return theta + d if change == "takes_last" else None if change == "none" else theta

    return answer


WRONG["trpo_step"] = {
    "full_step": lambda g, fvp, surrogate, kl, theta, delta: (
        theta + np.sqrt(2 * delta / (g @ _solve(fvp, g))) * _solve(fvp, g)
    ),
    "no_surrogate": _trpo("no_surrogate"),
    "no_kl": _trpo("no_kl"),
    "or": _trpo("or"),
    "zero": _trpo("zero"),
    "takes_last": _trpo("takes_last"),
    "returns_step": lambda g, fvp, surrogate, kl, theta, delta: (
        _trpo_while(g, fvp, surrogate, kl, theta, delta) - theta
    ),
    "none": _trpo("none"),
    "no_two": _trpo("no_two"),
    "half": _trpo("half"),
    "no_root": _trpo("no_root"),
    "plain": _trpo("plain"),
    "times_f": _trpo("times_f"),
    "euclidean": _trpo("euclidean"),
    "x_x": _trpo("x_x"),
    "loose": _trpo("loose"),
    "worse": _trpo("worse"),
    "once": _trpo("", 1),
    "twice": _trpo("", 2),
    "shrink_08": _trpo("", 10, 0.8),
    "minus": lambda g, *x: _trpo("")(-g, *x),
    "plain_step": lambda g, fvp, surrogate, kl, theta, delta: theta + delta * g,
}

# ------------------------------------------------------------------------------ ppo_epochs


def _ppo_loop(batch, theta, eps, epochs, lr):
    theta = np.array(theta)
    for _ in range(epochs):
        g = np.zeros_like(theta)
        for s, a, A, old in zip(*batch, strict=True):
            pi = _softmax(theta)[s]
            u = math.exp(math.log(pi[a]) - old)
            if (A > 0 and u > 1 + eps) or (A < 0 and u < 1 - eps):
                continue
            for b in range(len(pi)):
                g[s, b] += u * A * ((a == b) - pi[b]) / len(batch.s)
        theta += lr * g
    return theta


def _ppo_complex(batch, theta, eps, epochs, lr):
    def objective(x):
        logits = x[batch.s]
        logp = logits[np.arange(len(batch.s)), batch.a] - np.log(np.exp(logits).sum(1))
        u = np.exp(logp - batch.logp_old)
        keep = u.real * batch.A <= np.clip(u.real, 1 - eps, 1 + eps) * batch.A
        return np.where(keep, u * batch.A, 0.0).mean()

    for _ in range(epochs):
        g = np.zeros_like(theta)
        for i in np.ndindex(*theta.shape):
            x = theta.astype(complex)
            x[i] += 1e-20j
            g[i] = objective(x).imag / 1e-20
        theta = theta + lr * g
    return theta


def _ppo_one_hot(batch, theta, eps, epochs, lr):
    S, A = theta.shape
    states, actions = np.eye(S)[batch.s], np.eye(A)[batch.a]
    for _ in range(epochs):
        pi = _softmax(theta)
        u = (states @ pi * actions).sum(1) * np.exp(-batch.logp_old)
        w = np.where(batch.A > 0, u <= 1 + eps, u >= 1 - eps) * u * batch.A
        theta = theta + lr * states.T @ (w[:, None] * (actions - states @ pi)) / len(u)
    return theta


RIGHT["ppo_epochs"] = [
    _ppo_loop,
    _ppo_complex,
    _ppo_one_hot,
    lambda *x: _ppo_one_hot(*x).astype(np.float32).tolist(),
]


def _ppo(change=""):
    def answer(batch, theta, eps, epochs, lr):
        start = theta
        s, a, adv = batch.s, batch.a, batch.A
        if change == "standardised":
            adv = (adv - adv.mean()) / (adv.std() + 1e-8)
        for _ in range(1 if change == "once" else epochs):
            pi = _softmax(start if change == "stale" else theta)
            logp = np.log(pi)[s, a]
            u = np.exp(logp - (logp if change == "own" else batch.logp_old))
            if change == "log_ratio":
                u = logp - batch.logp_old
            c = np.clip(u, 1 - eps, 1 + eps)
            keep = {
                "no_clip": np.ones(len(u), bool),
                "inside": (u > 1 - eps) & (u < 1 + eps),
                "max": u * adv >= c * adv,
                "ratio": u <= c,
                "upper": u <= 1 + eps,
            }.get(change, u * adv <= c * adv)
            w = keep * adv * {"no_u": 1.0, "clipped": c}.get(change, u)
            grad = np.zeros_like(theta)
            for i in range(len(s)):
                hot = np.eye(theta.shape[1])[a[i]]
                score = hot if change == "one_hot" else hot - pi[s[i]]
                if change == "overwrite":
                    grad[s[i]] = w[i] * score
                elif change == "all_rows":
                    grad += w[i] * score
                else:
                    grad[s[i]] += w[i] * score
            grad = grad if change == "sum" else grad / len(s)
            theta = theta - lr * grad if change == "minus" else theta + lr * grad
        return (
            theta - start if change == "step" else _softmax(theta) if change == "policy" else theta
        )

    return answer


WRONG["ppo_epochs"] = {
    name: _ppo(name)
    for name in (
        "own",
        "no_clip",
        "inside",
        "max",
        "ratio",
        "upper",
        "sum",
        "minus",
        "once",
        "no_u",
        "clipped",
        "stale",
        "one_hot",
        "standardised",
        "overwrite",
        "all_rows",
        "log_ratio",
        "step",
        "policy",
    )
}

# ------------------------------------------------------------------------------------- npg


def _pieces(mdp, pi):
    V, Q = np.zeros(mdp.S), []
    for _ in range(mdp.H):
        Q = [mdp.r + mdp.P @ V, *Q]
        V = (pi * Q[0]).sum(1)
    d = [mdp.mu0]
    for _ in range(mdp.H - 1):
        d.append(np.einsum("s,sa,sat->t", d[-1], pi, mdp.P))
    return np.array(d), np.array(Q)


def _fisher_gradient(mdp, theta, per_step=1.0):
    S, A = theta.shape
    pi = _softmax(theta)
    d, Q = _pieces(mdp, pi)
    g, F = np.zeros(S * A), np.zeros((S * A, S * A))
    for h in range(mdp.H):
        for s in range(S):
            for a in range(A):
                score = np.zeros((S, A))
                score[s] -= pi[s]
                score[s, a] += 1
                w = d[h, s] * pi[s, a]
                g += w * Q[h, s, a] * score.ravel()
                F += w * np.outer(score, score) * per_step
    return g, F


def _npg(change=""):
    def answer(mdp, theta0, delta, steps):
        theta = theta0
        n = {"less": steps - 1, "more": steps + 1, "once": 1}.get(change, steps)
        for _ in range(n):
            at = theta0 if change == "stale" else theta
            g, F = _fisher_gradient(mdp, at, 1 / mdp.H if change == "per_step" else 1.0)
            x = g if change in ("plain", "vanilla") else np.linalg.pinv(F) @ g
            size = np.sqrt(2 * delta / (x @ F @ x))
            size = {
                "no_two": np.sqrt(delta / (g @ x)),
                "delta": delta,
                "vanilla": delta,
                "no_root": 2 * delta / (g @ x),
                "inverse": np.sqrt(g @ x / (2 * delta)),
                "euclidean": np.sqrt(2 * delta) / np.linalg.norm(x),
                "printed": np.sqrt(delta / (g @ F @ g)),
            }.get(change, size)
            theta = theta + (-size if change == "minus" else size) * x.reshape(theta.shape)
        if change == "list":
            return theta.tolist()
        if change == "policy":
            return _softmax(theta)
        return theta.ravel() if change == "flat" else theta - theta0 if change == "way" else theta

    return answer


def _npg_policy(mdp, theta0, delta, steps):
    pi = _softmax(theta0)
    for _ in range(steps):
        d, Q = _pieces(mdp, pi)
        A = Q - (pi * Q).sum(2, keepdims=True)
        mean = np.einsum("hs,hsa->sa", d, A) / d.sum(0)[:, None]
        spread = np.einsum("hs,sa,sa->", d, pi, mean**2)
        pi = pi * np.exp(np.sqrt(2 * delta / spread) * mean)
        pi = pi / pi.sum(1, keepdims=True)
    return np.log(pi)


def _npg_lstsq(mdp, theta0, delta, steps):
    theta = theta0.copy()
    for _ in range(steps):
        g, F = _fisher_gradient(mdp, theta)
        x = np.linalg.lstsq(F, g, rcond=1e-10)[0]
        theta += (np.sqrt(2 * delta / (g @ x)) * x).reshape(theta.shape)
    return theta


RIGHT["npg"] = [_npg(""), _npg("list"), _npg_policy, _npg_lstsq]
WRONG["npg"] = {
    name: _npg(name)
    for name in (
        "less",
        "more",
        "once",
        "stale",
        "per_step",
        "plain",
        "vanilla",
        "no_two",
        "delta",
        "no_root",
        "inverse",
        "euclidean",
        "printed",
        "minus",
        "way",
        "flat",
    )
}
WRONG["npg"]["unchanged"] = lambda mdp, theta0, delta, steps: theta0

# ------------------------------------------------------------------------------- reinforce


def _play(env, theta, rng):
    s, done, steps = env.reset(rng), False, []
    while not done:
        pi = _softmax(theta)[s]
        a = int((np.cumsum(pi) > rng.random()).argmax())
        score = np.zeros_like(theta)
        score[s] = -pi
        score[s, a] += 1
        t, r, done = env.step(a, rng)
        steps.append((score, r, pi[a]))
        s = t
    return steps


def _reinforce(change=""):
    def answer(env, theta0, lr, steps, rng):
        theta, mean = theta0.copy(), 0.0
        for k in range(steps):
            episode = _play(env, theta0 if change == "stale" else theta, rng)
            r = np.array([x[1] for x in episode])
            H = len(r)
            psi = np.full(H, r.sum())
            if change in ("to_go", "descent_to_go"):
                psi = np.cumsum(r[::-1])[::-1]
            psi = {
                "own": r,
                "past": np.cumsum(r),
                "future": np.cumsum(r[::-1])[::-1] - r,
                "mean": psi / H,
                "one": np.ones(H),
            }.get(change, psi)
            if change == "baseline":
                psi, mean = psi - mean, mean + (r.sum() - mean) / (k + 1)
            g = np.zeros_like(theta)
            for h, (score, _, p) in enumerate(episode):
                if (change == "first" and h > 0) or (change == "last" and h < H - 1):
                    continue
                if change == "not_centred":
                    score = np.maximum(score, 0) > 0
                g += psi[h] * score * (p if change == "likelihood" else 1.0)
            theta = theta - lr * g if change.startswith("descent") else theta + lr * g
            if change == "returns_early":
                return theta
            if change == "forgets":
                theta = theta0 + lr * g
        return {"way": theta - theta0, "policy": _softmax(theta)}.get(change, theta)

    return answer


RIGHT["reinforce"] = [_reinforce(""), _reinforce("to_go"), _reinforce("baseline")]
RIGHT["reinforce"].append(lambda *x: _reinforce("to_go")(*x).tolist())
WRONG["reinforce"] = {
    name: _reinforce(name)
    for name in (
        "own",
        "past",
        "future",
        "mean",
        "one",
        "first",
        "last",
        "not_centred",
        "likelihood",
        "descent",
        "descent_to_go",
        "returns_early",
        "forgets",
        "policy",
    )
}
WRONG["reinforce"]["start"] = lambda env, theta0, lr, steps, rng: theta0
WRONG["reinforce"]["flat"] = lambda *x: _reinforce("to_go")(*x).ravel()

# ------------------------------------------------------------------------- find_the_bug_gae


def _gae(keep="", cut="", decay="both", at=0, tail=""):
    def answer(r, V, V_next, terminated, truncated, gamma, lam):
        flags = {
            "": terminated,
            "done": terminated | truncated,
            "truncated": truncated,
            "never": np.zeros_like(terminated),
        }
        ends = {"": flags["done"], "terminated": terminated, "truncated": truncated}
        end = ends.get(cut, flags["never"])
        delta = r + gamma * V_next * (1 - flags[keep]) - V
        k = {"both": gamma * lam, "gamma": gamma, "lam": lam, "none": 1.0}[decay]
        A = np.zeros_like(r)
        carried = np.zeros(r.shape[1])
        for t in range(len(r) - 1, -1, -1):
            flag = end[min(t + at, len(r) - 1)]
            carried = delta[t] + k * carried * (1.0 - flag)
            A[t] = carried
        if tail == "zero":
            return A * (1 - flags["done"])
        return A.T if tail == "T" else A + V if tail == "V" else -A if tail == "minus" else A

    return answer


def _gae_streams(r, V, V_next, terminated, truncated, gamma, lam):
    A = [[0.0] * r.shape[1] for _ in r]
    for i in range(r.shape[1]):
        for t in range(len(r)):
            weight, total = 1.0, 0.0
            for u in range(t, len(r)):
                follow = 0.0 if terminated[u, i] else V_next[u, i]
                total += weight * (r[u, i] + gamma * follow - V[u, i])
                weight *= gamma * lam
                if terminated[u, i] or truncated[u, i]:
                    break
            A[t][i] = total
    return A


RIGHT["find_the_bug_gae"] = [
    _gae(),
    _gae_streams,
    lambda *x: _gae()(*x).astype(np.float32),
    lambda r, V, V_next, terminated, truncated, gamma, lam: _gae()(
        r, V, np.where(terminated, 0, V_next), terminated, truncated, gamma, lam
    ),
]
WRONG["find_the_bug_gae"] = {
    "only_cut": _gae("done"),
    "only_value": _gae("", "never"),
    "cut_terminated": _gae("", "terminated"),
    "cut_truncated": _gae("", "truncated"),
    "never_masked": _gae("never"),
    "neither": _gae("never", "never"),
    "exchanged": _gae("truncated"),
    "flag_of_next": _gae("", "", "both", 1),
    "zeroed": _gae("", "", "both", 0, "zero"),
    "gamma": _gae("", "", "gamma"),
    "lam": _gae("", "", "lam"),
    "no_decay": _gae("", "", "none"),
    "returns": _gae("", "", "both", 0, "V"),
    "transposed": _gae("", "", "both", 0, "T"),
    "minus": _gae("", "", "both", 0, "minus"),
    "only_cut_terminated": _gae("done", "terminated"),
    "only_cut_truncated": _gae("done", "truncated"),
    "masked_value_kept_sum": _gae("done", "never"),
    "deltas": lambda r, V, V_next, terminated, truncated, gamma, lam: (
        r + gamma * V_next * ~terminated - V
    ),
}

# ------------------------------------------------------------------------ find_the_bug_clip


def _clip(f):
    def answer(n, o, A, eps):
        u = np.exp(n - o)
        return f(u, np.clip(u, 1 - eps, 1 + eps), A, eps)

    return answer


RIGHT["find_the_bug_clip"] = [
    _clip(lambda u, c, A, eps: np.minimum(u * A, c * A).sum(1).mean()),
    _clip(
        lambda u, c, A, eps: (
            np.where(A > 0, np.minimum(u, 1 + eps), np.maximum(u, 1 - eps)).__mul__(A).sum(1).mean()
        )
    ),
    _clip(
        lambda u, c, A, eps: (
            sum(min(x, y) for x, y in zip((u * A).flat, (c * A).flat, strict=True)) / len(A)
        )
    ),
    _clip(lambda u, c, A, eps: np.minimum(u * A, c * A).astype("f4").sum() / len(A)),
]
WRONG["find_the_bug_clip"] = {
    "shown": _clip(lambda u, c, A, eps: (np.minimum(u, c) * A).sum(1).mean()),
    "max_ratio": _clip(lambda u, c, A, eps: (np.maximum(u, c) * A).sum(1).mean()),
    "max": _clip(lambda u, c, A, eps: np.maximum(u * A, c * A).sum(1).mean()),
    "clip_only": _clip(lambda u, c, A, eps: (c * A).sum(1).mean()),
    "no_clip": _clip(lambda u, c, A, eps: (u * A).sum(1).mean()),
    "mean": _clip(lambda u, c, A, eps: np.minimum(u * A, c * A).mean()),
    "sum": _clip(lambda u, c, A, eps: np.minimum(u * A, c * A).sum()),
    "minus": _clip(lambda u, c, A, eps: -np.minimum(u * A, c * A).sum(1).mean()),
    "after_sum": _clip(lambda u, c, A, eps: np.minimum((u * A).sum(1), (c * A).sum(1)).mean()),
    "after_mean": _clip(lambda u, c, A, eps: min((u * A).sum(1).mean(), (c * A).sum(1).mean())),
    "clip_product": _clip(
        lambda u, c, A, eps: np.minimum(u * A, np.clip(u * A, 1 - eps, 1 + eps)).sum(1).mean()
    ),
    "absolute": _clip(lambda u, c, A, eps: (np.minimum(u * abs(A), c * abs(A))).sum(1).mean()),
    "absolute_signed": _clip(
        lambda u, c, A, eps: (np.minimum(u * abs(A), c * abs(A)) * np.sign(A)).sum(1).mean()
    ),
    "positive_only": _clip(
        lambda u, c, A, eps: np.where(A > 0, np.minimum(u, c) * A, 0).sum(1).mean()
    ),
    "negative_unclipped": _clip(
        lambda u, c, A, eps: np.where(A > 0, np.minimum(u, c) * A, u * A).sum(1).mean()
    ),
    "inverted": _clip(
        lambda u, c, A, eps: np.minimum(A / u, np.clip(1 / u, 1 - eps, 1 + eps) * A).sum(1).mean()
    ),
    "np_min": _clip(lambda u, c, A, eps: np.min([u * A, c * A])),
}

# -------------------------------------------------------------------- find_the_bug_baseline


def _fork(left, right, pay=(0, 0), n=3, start=1.0, p=1.0):
    P = np.zeros((n, 2, n))
    P[0, 0, 1], P[0, 0, 2] = p, 1 - p
    P[0, 1, 2], P[0, 1, 1] = p, 1 - p
    for s in range(1, n):
        P[s, :, s] = 1
    r = np.zeros((n, 2))
    r[0], r[1], r[2] = pay, left, right
    mu0 = np.zeros(n)
    mu0[0], mu0[1] = start, 1 - start
    return P, r, mu0


RIGHT["find_the_bug_baseline"] = [
    lambda: _fork((1, 1), (-1, -1)),
    lambda: _fork((1, 0), (-1, 0), (1, -1)),
    lambda: _fork((1, 1), (0, 0), n=4, start=0.8, p=0.9),
    lambda: (np.eye(2)[[[0, 1], [0, 1]]], np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0.5, 0.5])),
    lambda: tuple(x.tolist() for x in _fork((1, 1), (0, 0))),
]
WRONG["find_the_bug_baseline"] = {
    "one_action": lambda: (np.ones((1, 1, 1)), np.zeros((1, 1)), np.ones(1)),
    "bandit": lambda: (np.ones((1, 2, 1)), np.array([[1.0, -1.0]]), np.ones(1)),
    "no_rewards": lambda: _fork((0, 0), (0, 0)),
    "first_rewards_only": lambda: _fork((0, 0), (0, 0), (1, -1)),
    "random_next": lambda: _fork((1, 1), (-1, -1), p=0.5),
    "chain": lambda: (
        np.eye(3)[[[1, 1], [2, 2], [2, 2]]],
        np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        np.eye(3)[0],
    ),
    "small_values": lambda: _fork((0.1, 0.1), (0, 0)),
    "nearly_random": lambda: _fork((0.5, 0.5), (0, 0), p=0.6),
    "rarely_started": lambda: _fork((1, 1), (0.5, 0.5), start=0.2),
    "cancelling": lambda: _fork((1, -1), (0, 0)),
    "large_rewards": lambda: _fork((10, 10), (0, 0)),
    "not_a_distribution": lambda: (np.ones((2, 2, 2)), np.zeros((2, 2)), np.array([1.0, 0.0])),
    "axes": lambda: (np.full((2, 3, 3), 1 / 3), np.zeros((2, 3)), np.ones(3) / 3),
    "two_arrays": lambda: _fork((1, 1), (0, 0))[:2],
    "mu0_number": lambda: (*_fork((1, 1), (0, 0))[:2], 0),
    "too_large": lambda: (np.eye(5)[np.zeros((5, 2), int)], np.zeros((5, 2)), np.eye(5)[0]),
    "rewards_of_states": lambda: (
        _fork((1, 1), (0, 0))[0],
        np.array([0.0, 1.0, 0.0]),
        np.eye(3)[0],
    ),
    "number": lambda: 0.1,
}

# ------------------------------------------------------------------ counterexample_no_gamma


def _trap(cost, prize, theta=((0.0, 0.0), (0.0, 0.0))):
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, 0, 1] = P[1, 1, 1] = 1
    return P, np.array([[0.0, -cost], [prize, prize]]), np.array(theta)


RIGHT["counterexample_no_gamma"] = [
    lambda: _trap(1, 2.25),
    lambda: _trap(4, 9.4),
    lambda: (_trap(1, 2.25)[0], np.array([[1.0, 0.0], [3.25, 3.25]]), np.zeros((2, 2))),
    lambda: tuple(x.tolist() for x in _trap(2, 4.4)),
]
WRONG["counterexample_no_gamma"] = {
    "bandit": lambda: (np.ones((1, 2, 1)), np.array([[1.0, 0.0]]), np.zeros((1, 2))),
    "no_rewards": lambda: _trap(0, 0),
    "same_pay": lambda: (_trap(1, 2)[0], np.ones((2, 2)), np.zeros((2, 2))),
    "cheap": lambda: _trap(1, 5.0),
    "dear": lambda: _trap(1, 1.0),
    "border": lambda: _trap(1, 2.0),
    "other_border": lambda: _trap(1, 2.5),
    "leaves_state": lambda: (
        np.eye(2)[[[1, 1], [1, 1]]],
        np.array([[0.0, 1.0], [2.0, 2.0]]),
        np.zeros((2, 2)),
    ),
    "no_way_back": lambda: (
        np.eye(3)[[[1, 2], [1, 1], [2, 2]]],
        np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]),
        np.zeros((3, 2)),
    ),
    "separate_states": lambda: (
        np.eye(3)[[[1, 2], [1, 1], [2, 2]]],
        np.array([[1.0, 0.0], [0.0, 1.0], [5.0, 0.0]]),
        np.zeros((3, 2)),
    ),
    "decided": lambda: _trap(1, 2.25, ((-4.0, 4.0), (0.0, 0.0))),
    "not_a_distribution": lambda: (np.ones((2, 2, 2)), np.zeros((2, 2)), np.zeros((2, 2))),
    "theta_flat": lambda: (*_trap(1, 2.25)[:2], np.zeros(4)),
    "two_arrays": lambda: _trap(1, 2.25)[:2],
    "list_of_arrays": lambda: list(_trap(1, 5.0)),
    "five_states": lambda: (np.eye(5)[np.zeros((5, 2), int)], np.zeros((5, 2)), np.zeros((5, 2))),
    "nan": lambda: _trap(1, float("nan")),
}

# -------------------------------------------------------------- probability_of_improvement


def _poi(x, y):
    wins = sum((a > b) + 0.5 * (a == b) for a in x for b in y)
    return wins / (len(x) * len(y))


RIGHT["probability_of_improvement"] = [
    _poi,
    lambda x, y: (np.sign(np.subtract.outer(x, y)).mean() + 1) / 2,
    lambda x, y: np.mean((x[:, None] > y) + 0.5 * (x[:, None] == y)),
    lambda x, y: np.float32(1 - _poi(y, x)),
]
WRONG["probability_of_improvement"] = {
    "paired": lambda x, y: np.mean([(a > b) + 0.5 * (a == b) for a, b in zip(x, y)]),  # noqa: B905
    "paired_strict": lambda x, y: np.mean([a > b for a, b in zip(x, y)]),  # noqa: B905
    "elementwise": lambda x, y: (x > y).mean(),
    "ties_lost": lambda x, y: (x[:, None] > y).mean(),
    "ties_won": lambda x, y: (x[:, None] >= y).mean(),
    "swapped": lambda x, y: _poi(y, x),
    "means": lambda x, y: float(x.mean() > y.mean()),
    "medians": lambda x, y: float(np.median(x) > np.median(y)),
    "best": lambda x, y: float(x.max() > y.max()),
    "against_mean": lambda x, y: (x > y.mean()).mean(),
    "against_best": lambda x, y: (x > y.max()).mean(),
    "against_median": lambda x, y: (x > np.median(y)).mean(),
    "mean_gap": lambda x, y: x.mean() - y.mean(),
    "count": lambda x, y: float(sum((a > b) + 0.5 * (a == b) for a in x for b in y)),
    "per_run": lambda x, y: ((x[:, None] > y) + 0.5 * (x[:, None] == y)).mean(1),
    "over_n": lambda x, y: sum((a > b) + 0.5 * (a == b) for a in x for b in y) / len(x),
    "over_m": lambda x, y: sum((a > b) + 0.5 * (a == b) for a in x for b in y) / len(y),
    "over_sum": lambda x, y: (
        sum((a > b) + 0.5 * (a == b) for a in x for b in y) / (len(x) + len(y))
    ),
    "sign": lambda x, y: np.sign(x[:, None] - y).mean(),
    "relative": lambda x, y: x.mean() / y.mean() - 1,
    "normal": lambda x, y: (
        0.5 * (1 + math.erf((x.mean() - y.mean()) / math.sqrt(2 * (x.var() + y.var()))))
    ),
    "sorted_pairs": lambda x, y: np.mean([a > b for a, b in zip(sorted(x), sorted(y))]),  # noqa: B905
}

# ------------------------------------------------------------------------ paired_interval


def _mid(x, y, e, z=1.96):
    return np.array([(x - y).mean() - z * e, (x - y).mean() + z * e])


def _se(x, y):
    return (x - y).std(ddof=1) / math.sqrt(len(x))


RIGHT["paired_interval"] = [
    lambda x, y: _mid(x, y, _se(x, y)),
    lambda x, y: (float(_mid(x, y, _se(x, y))[0]), float(_mid(x, y, _se(x, y))[1])),
    lambda x, y: _mid(
        x, y, math.sqrt(sum((d - (x - y).mean()) ** 2 for d in x - y) / (len(x) - 1) / len(x))
    ),
    lambda x, y: [
        np.mean(x - y) + z * np.sqrt(np.var(x - y, ddof=1) / x.size) for z in (-1.96, 1.96)
    ],
]
WRONG["paired_interval"] = {
    "unpaired": lambda x, y: _mid(x, y, np.sqrt(x.var(ddof=1) / len(x) + y.var(ddof=1) / len(y))),
    "unpaired_n": lambda x, y: _mid(x, y, np.sqrt(x.var() / len(x) + y.var() / len(y))),
    "pooled_sum_of_errors": lambda x, y: _mid(
        x, y, (x.std(ddof=1) + y.std(ddof=1)) / np.sqrt(len(x))
    ),
    "deviation": lambda x, y: _mid(x, y, (x - y).std(ddof=1)),
    "deviation_n": lambda x, y: _mid(x, y, (x - y).std()),
    "over_n": lambda x, y: _mid(x, y, (x - y).std(ddof=1) / len(x)),
    "no_ddof": lambda x, y: _mid(x, y, (x - y).std() / np.sqrt(len(x))),
    "n_minus_one_twice": lambda x, y: _mid(x, y, (x - y).std(ddof=1) / np.sqrt(len(x) - 1)),
    "percentiles": lambda x, y: np.percentile(x - y, [2.5, 97.5]),
    "min_max": lambda x, y: [(x - y).min(), (x - y).max()],
    "best": lambda x, y: x.max() - y.max() + np.array([-1.96, 1.96]) * _se(x, y),
    "swapped": lambda x, y: _mid(y, x, _se(x, y)),
    "reversed": lambda x, y: _mid(x, y, _se(x, y))[::-1],
    "one_error": lambda x, y: _mid(x, y, _se(x, y), 1.0),
    "two_errors": lambda x, y: _mid(x, y, _se(x, y), 2.0),
    "ninety": lambda x, y: _mid(x, y, _se(x, y), 1.645),
    "first_alone": lambda x, y: (
        x.mean() + np.array([-1.96, 1.96]) * x.std(ddof=1) / np.sqrt(len(x))
    ),
    "around_zero": lambda x, y: np.array([-1.96, 1.96]) * _se(x, y),
    "median": lambda x, y: np.median(x - y) + np.array([-1.96, 1.96]) * _se(x, y),
    "variance": lambda x, y: _mid(x, y, (x - y).var(ddof=1) / len(x)),
    "half_width": lambda x, y: 1.96 * _se(x, y),
    "upper_only": lambda x, y: (x - y).mean() + 1.96 * _se(x, y),
    "mean_and_width": lambda x, y: np.array([(x - y).mean(), 1.96 * _se(x, y)]),
}
