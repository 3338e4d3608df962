"""The training loop of several fits that are trained as one."""

from collections.abc import Mapping

from overparam_sk.training.batch_members import Member
from overparam_sk.training.batched_sgd import BatchedSGD
from overparam_sk.training.loop import Course, Outcome

__all__ = ["train_together"]


def train_together(
    batch: BatchedSGD, courses: Mapping[Member, Course]
) -> dict[Member, Outcome]:
    """Advance a batch from look to look of its members, whoever is next to look.

    A member whose run has ended rests while the others go on. Ctrl-C is not held back.

    Parameters
    ----------
    batch : BatchedSGD
    courses : mapping of Member to Course
        How each of them goes on.

    Returns
    -------
    dict of Member to Outcome
        Without those that have failed: whose outputs are no finite numbers any more, or
        whose observers have raised an error. Alone they fail with a reason.
    """
    outcomes: dict[Member, Outcome] = {}
    due: dict[Member, int] = {}  # the iteration that each is waiting for

    def go_on(member: Member) -> None:
        due.pop(member, None)
        try:
            due[member] = next(courses[member])
        except StopIteration as end:
            outcomes[member] = end.value
        except Exception:
            return  # where the fit is done alone it will be said

    for member in courses:
        go_on(member)
    while due:
        batch.rest([member for member in batch.running if member not in due])
        until = min(due.values())
        some = next(iter(due))
        some.advance(until - some.iteration)
        for member in due.keys() - set(batch.running):
            del due[member]
        for member in [one for one, wanted in due.items() if wanted == until]:
            go_on(member)
    batch.rest(batch.running)
    return outcomes
