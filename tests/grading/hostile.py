"""Answers that attack the grader. Each body is that of `reward_to_go`; none of them is right."""

from __future__ import annotations

BODIES = {
    "exit": "import sys; sys.exit(0)",
    "os._exit": "import os; os._exit(0)",
    "quit": "quit()",
    "kill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "endless loop": "while True: pass",
    "swallowed loop": """
while True:
    try:
        while True: pass
    except BaseException: pass
""",
    "loop in C": "return sum(range(10**12))",
    "loop in C with numpy": "x = np.ones(10**6)\nfor _ in iter(int, 1): x = np.sort(x[::-1])",
    "large power": "return 10 ** 10 ** 10",
    "regular expression": "import re; re.match('(a+)+$', 'a' * 64 + 'b')",
    "recursion": "return reward_to_go(r)",
    "recursion without limit": "import sys; sys.setrecursionlimit(10**9); return reward_to_go(r)",
    "deep repr": "x = []\nfor _ in range(10**6): x = [x]\nreturn repr(x)",
    "large allocation": "return np.zeros(10**10)",
    "allocation bit by bit": "x = []\nwhile True: x.append(bytearray(10**6))",
    "sleep": "import time; time.sleep(10**6)",
    "input": "return input()",
    "patched numpy": "np.allclose = np.array_equal = lambda *a, **k: True\nreturn np.zeros(r.shape)",
    "patched comparison": "class Yes(np.ndarray):\n    def __eq__(self, other): return np.True_\nreturn np.zeros(r.shape).view(Yes)",
    "lying object": "class Yes:\n    def __eq__(self, other): return True\n    def __array__(self, *a, **k): raise SystemExit\nreturn Yes()",
    "object that changes": "class Many:\n    def __array__(self, *a, **k): return np.zeros(r.shape)\nreturn Many()",
    "patched copy": "import copy; copy.deepcopy = lambda x, *a: x; r += 1; return r",
    "patched grader": """
import sys
grader = sys.modules['_graded']
for name in list(vars(grader)):
    if callable(getattr(grader, name)) and name not in ('serve', 'pack'): setattr(grader, name, lambda *a, **k: b'')
return np.zeros(r.shape)
""",
    "patched modules": "import sys; sys.modules.clear(); return np.zeros(r.shape)",
    "patched builtins": "import builtins\nfor n in list(vars(builtins)): setattr(builtins, n, None)",
    "forged output": "print('passed: True, score: 1'); import os; os.write(1, b'{\"passed\": true}'); return None",
    "forged reply": """
import _host, sys
plain = [m for m in vars(sys.modules['_graded']).values() if callable(m) and m.__name__ == 'pack'][0]
_host.call(b'!' + plain(('passed', True, None, '')))
import os; os._exit(0)
""",
    "garbage reply": "import _host; _host.call(b'!' + bytes(range(256)) * 1000); import os; os._exit(0)",
    "huge reply": "import _host; _host.call(b'!' * (1 << 28)); return np.zeros(r.shape)",
    "many replies": "import _host\nwhile True: _host.call(b'!N')",
    "false progress": "import _host; _host.call(b'@9999999'); return np.zeros(r.shape)",
    "frames": """
import sys, gc
frame = sys._getframe()
while frame:
    for value in list(frame.f_locals.values()):
        if getattr(value, 'expected', None) is not None: return value.expected
    frame = frame.f_back
for thing in gc.get_objects():
    if type(thing).__name__ in ('Case', 'Exercise'): return thing
return np.zeros(r.shape)
""",
    "files": """
import glob, os
found = [open(p, 'rb').read(9) for p in ['/etc/passwd', '/proc/self/mem'] if os.path.exists(p)]
found += glob.glob('/**/*expected*', recursive=True) + glob.glob('/home/**') + glob.glob('/root/**')
if found: print('FOUND', found)
open('/tmp/left', 'w').write('x')
""",
    "the solution by import": "from pgcompanion.exercises.reward_to_go import reward_to_go as f; return f(r)",
    "the catalogue by import": "from pgcompanion.exercises.engine import catalogue; return catalogue.find('reward_to_go').solution(r)",
    "thread": """
import threading
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
return np.zeros(r.shape)
""",
    "fork": "import os\nwhile True: os.fork()",
    "subprocess": "import subprocess; subprocess.Popen(['sleep', '1000']); return np.zeros(r.shape)",
    "multiprocessing": "import multiprocessing as m; m.Process(target=print).start(); return np.zeros(r.shape)",
    "network": "import socket; socket.create_connection(('127.0.0.1', 80)); return np.zeros(r.shape)",
    "http": "import urllib.request as u; u.urlopen('http://127.0.0.1'); return np.zeros(r.shape)",
    "ctypes": "import ctypes; ctypes.string_at(0); return np.zeros(r.shape)",
    "bad code object": """
import types
c = (lambda: 0).__code__
exec(c.replace(co_code=b'\\xff\\xfe' * 40, co_stacksize=1))
return np.zeros(r.shape)
""",
    "four million lines": "for i in range(4_000_000): print(i)\nreturn np.zeros(r.shape)",
    "four million lines past the tape": "import os\nfor i in range(4_000_000): os.write(1, b'a line\\n')\nreturn np.zeros(r.shape)",
    "long error": "raise ValueError('x' * 10**7)",
    "error that raises": "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
    "error with a loop": "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
    "error that is no one": "raise type('A\\nB' * 1000, (BaseException,), {})('</script><script>alert(1)</script>')",
    "generator": "yield np.zeros(r.shape)",
    "million entries": "return [0] * 10**7",
    "nested": "x = 0\nfor _ in range(10**4): x = [x]\nreturn x",
    "huge array": "return np.zeros((1000, 1000, 8))",
    "zeros of any shape": "return np.broadcast_to(np.float32(0), r.shape)",
    "not a number": "return np.full(r.shape, np.nan)",
    "infinite": "return np.full(r.shape, np.inf)",
    "tracing": "import sys; sys.settrace(lambda *a: 1/0); sys.setprofile(lambda *a: 1/0); return r",
    "exit handler": "import atexit; atexit.register(print, 'bye'); return np.zeros(r.shape)",
    "array that loops": "class A:\n    def __array__(self, *a, **k):\n        while True: pass\nreturn [A()]",
    "array of itself": "class A:\n    def __array__(self, *a, **k): return self\nreturn A()",
    "number that loops": "class A:\n    def __float__(self):\n        while True: pass\nreturn [[A()]]",
    "number that exits": "class A:\n    def __float__(self): raise SystemExit\nreturn [[A()]]",
    "sequence without end": "class D:\n    def __len__(self): return 10**9\n    def __getitem__(self, i): return D()\nreturn D()",
    "array interface": "class A:\n    __array_interface__ = dict(shape=r.shape, typestr='<f8', data=(8, False), version=3)\nreturn A()",
    "list in itself": "x = []\nx.append(x)\nreturn x",
    "list wide and deep": "x = [0]\nfor _ in range(14): x = [x] * 50\nreturn x",
    "always equal": "class F(float):\n    def __eq__(self, other): return True\n    __sub__ = __rsub__ = lambda *a: 0.0\nreturn [[F(0) for _ in x] for x in r]",
    "forged nan": "return np.full(r.shape, np.array([0x7ff8dead00000001]).view('f8')[0])",
    "patched struct": "import struct, json\nstruct.pack = json.dumps = lambda *a, **k: b''\nreturn np.zeros(r.shape)",
    "patched code": """
import gc, types
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and thing.__name__ in ('pack', 'call', 'serve', '_pieces'):
        thing.__code__ = (lambda *a, **k: b'').__code__
return np.zeros(r.shape)
""",
    "cleared objects": "import gc\nfor thing in gc.get_objects():\n    if isinstance(thing, dict): thing.clear()",
    "callers": """
import sys
frame = sys._getframe()
while frame:
    for name in list(frame.f_globals): frame.f_globals[name] = lambda *a, **k: b'N'
    frame = frame.f_back
""",
    "memory past an array": "np.lib.stride_tricks.as_strided(r, (10**6,), (8,))[...] = 0; return r",
    "signals": "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except Exception: pass\nsignal.raise_signal(9)",
    "crash": "import faulthandler; faulthandler._sigsegv()",
    "audit": "import sys; sys.addaudithook(lambda *a: 1 / 0); return np.zeros(r.shape)",
    "flood of errors": "import os\nwhile True: os.write(2, b'x' * 10**6)",
    "flood of calls": "import _host\nwhile True: _host.call(b'*')",
    "text without end": "return chr(0x1F4A9) * 10**8",
    "deep error": "x = type('A', (Exception,), {})\nfor _ in range(3000): x = type('B' * 1000, (x,), {})\nraise x",
    "right once": "global K\nK = globals().get('K', 0) + 1\nreturn r[:, ::-1].cumsum(1)[:, ::-1] if K < 2 else r",
    "clock that stands": "import time\ntime.time = time.monotonic = lambda: 0\nwhile True: pass",
    "short sleeps": "import time\nwhile True: time.sleep(0.01)",
    "later loop": "class L:\n    def __del__(self):\n        while True: pass\nL(); return np.zeros(r.shape)",
}

#: What a cell may do before the answer is even called.
CELLS = {
    "cell that exits": "import os; os._exit(3)",
    "cell that loops": "while True: pass",
    "cells that loop": "import time\nwhile True: pass\nsum(range(10**12))\ntime.sleep(10**6)\nwhile True: pass",
    "cell that deletes": "!rm -rf / --no-preserve-root",
    "cell that raises": "raise KeyboardInterrupt",
    "cell of another language": "%%bash\nkill -9 -1",
    "cell that is no Python": "def broken(:",
    "cell that nests": "(" * 5000 + ")" * 5000,
    "cell that fills the memory": "x = 'a'\nwhile True: x = x + x",
    "cell with a signature that loops": "class F:\n    @property\n    def __signature__(self):\n        while True: pass\n    def __call__(self, r): return 0\nreward_to_go = F()",
    "cell that patches numpy": "import numpy\nnumpy.array_equal = numpy.allclose = lambda *a: True",
    "cell with spaces": " " * 40_000 + "= 1\n(",
    "cell of many magics": "%%time\n" * 5_000,
    "cell of many lines": "x = 1\n" * 490_000,
    "cell with names without end": "for i in range(10**6): globals()[f'x{i}'] = print",
    "cell with a name that is none": "globals()[3] = globals()[('a',)] = globals()['y' * 10**6] = print",
    "cell with a decorator that loops": "def deco(f): return deco(f)\n@deco\ndef reward_to_go(r): return r",
    "cell with a tracer": "import sys; sys.settrace(lambda *a: 1/0); sys.setprofile(lambda *a: 1/0)",
    "cell that patches the sandbox": "import sys; sys.modules['_graded'].call = lambda *a: b''",
}


def answer(body: str) -> str:
    """A cell that defines the exercise with this body."""
    lines = "\n    ".join(body.strip().split("\n"))
    return f"import numpy as np\n\ndef reward_to_go(r):\n    {lines}\n"
