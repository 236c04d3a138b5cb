"""Simulated judges."""

from ganline.metrics.judgements import CATCH, GENERATED, REAL, Answer

RUN, RIVAL = "a" * 64, "b" * 64


def said(judge, trial, right, answer, task="hype_infinity", truth=None, **more):
    """Return an answer about an image of RUN, or a real one."""
    fields = {"session": f"{task}/{RUN}", "subject": RUN, "other": "", "truth": truth or right} | more
    return Answer(judge, task, trial=trial, right=right, answer=answer, **fields)


def judged(judge, count, wrong, task="hype_infinity", missed=0, **more):
    """Return a judge's answers: `count` that say real or generated, `wrong` of them wrongly, and five catch trials."""
    turns = {REAL: GENERATED, GENERATED: REAL}
    rights = [(REAL, GENERATED)[i % 2] for i in range(count)]
    plain = [
        said(judge, i, right, turns[right] if i < wrong else right, task, **more) for i, right in enumerate(rights)
    ]
    noise = [REAL if i < missed else GENERATED for i in range(5)]
    return plain + [said(judge, count + i, GENERATED, each, task, CATCH, **more) for i, each in enumerate(noise)]


def preferred(judge, trial, first, second, answer):
    """Return what a judge prefers of two runs."""
    return said(judge, trial, "", answer, "preference", GENERATED, subject=first, other=second, session="preference/ab")
