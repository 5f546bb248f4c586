"""The machinery behind the exercises: it runs an answer, judges it and says what it found.

Judging is separate from calling, so that an answer can be run elsewhere, in a sandbox for example:

    judge(exercise, call) -> Feedback          # engine.judging
    call(case) -> Outcome                      # engine.outcome; yours, or engine.checking.InProcess

`judge` draws the cases of the exercise (`engine.cases`), hands them to `call` one after the other,
compares what comes back with the solution and with the known mistakes, and writes the message. It
never sees the function, and stops asking after the first outcome that is no answer.

- A `Case` has `arguments` (the values to call the function with, in order) and `names`. Some
  arguments are functions, generators or objects of the package, which do not travel as text. The
  other side draws the same case for itself: `cases.find(exercise, case.group, case.number)`. Hand
  over a copy (`copy.deepcopy`): the function may change what it is given.
- An `Outcome` says what came of the call, in plain data: its `kind` is one of `"answer"`, `"error"`,
  `"unreadable"`, `"changed"`, `"printed"`, `"late"` and `"unwritten"`; an answer has a `value` (an
  array, or a tuple of arrays) and the `dtype` it came in; everything else has a `text`, whole
  sentences that tell the reader what happened, and an error also its `meaning`.
- `attempt(function, arguments)` (`engine.attempt`) makes the outcome, wherever the function lives.
  It catches everything that the function raises, and no time limit: that is the caller's.
  `to_plain` and `from_plain` (`engine.outcome`) turn an outcome into what JSON can hold, and back.
- `screen.not_a_try(exercise, function)` answers what needs no run: no function, a stub, a wrong
  number of arguments. Call it first, where the function is.

`checking.examine(exercise, function)` does all of it in this process, in a thread with a time
limit. Code that holds Python's lock, such as one long call into C, cannot be stopped there; another
process can.
"""
