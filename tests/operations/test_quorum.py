"""What survives a loss. The expected values are written by hand from MongoDB's manual, none is computed:

- Replica set elections, fault tolerance: of 3 voting members 2 must be left, of 5 members 3, of 7 members 4.
- Arbiters vote, hold no data and never become primary; members of priority 0 never become primary.
- Write concern "majority": data-bearing voting members acknowledge, as many as a majority of all voters.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.quorum import Site, Survival, Voter, losses, majority, survival, without_group

WHOLE = Survival(elects=True, majority_writes=True, reads=True)
READ_ONLY = Survival(elects=False, majority_writes=False, reads=True)
ELECTS_BUT_WRITES_WAIT = Survival(elects=True, majority_writes=False, reads=True)
NOTHING = Survival(elects=False, majority_writes=False, reads=False)


def members(group: str, count: int, *, priority: float = 1, votes: int = 1) -> list[Voter]:
    return [Voter(f"{group}-{index}", group, priority, votes) for index in range(count)]


def arbiter(group: str) -> Voter:
    return Voter(f"{group}-arbiter", group, priority=0, arbiter=True)


OF_THE_DECISION = [*members("eu", 3), *members("in", 2)]
WITH_A_THIRD_SITE = [*members("eu", 2), *members("in", 2), *members("sg", 1)]
WITH_AN_ARBITER = [*members("eu", 2), *members("in", 2), arbiter("sg")]


@pytest.mark.parametrize(("votes", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 4)])
def test_a_majority_is_more_than_half(votes: int, needed: int) -> None:
    assert majority(votes) == needed


@pytest.mark.parametrize(
    ("voters", "lost", "left"),
    [
        (OF_THE_DECISION, "eu", READ_ONLY),
        (OF_THE_DECISION, "in", WHOLE),
        (WITH_A_THIRD_SITE, "eu", WHOLE),
        (WITH_A_THIRD_SITE, "in", WHOLE),
        (WITH_A_THIRD_SITE, "sg", WHOLE),
        (WITH_AN_ARBITER, "eu", ELECTS_BUT_WRITES_WAIT),
        (WITH_AN_ARBITER, "in", ELECTS_BUT_WRITES_WAIT),
        (WITH_AN_ARBITER, "sg", WHOLE),
        (members("eu", 3), "eu", NOTHING),
    ],
)
def test_what_is_left_when_a_region_is_lost(voters: list[Voter], lost: str, left: Survival) -> None:
    assert without_group(voters, lost) == left


@pytest.mark.parametrize(("count", "bearable"), [(1, 0), (2, 0), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3)])
def test_a_set_survives_as_many_failures_as_the_manual_says(count: int, bearable: int) -> None:
    voters = members("eu", count)
    names = [voter.name for voter in voters]
    assert survival(voters, names[:bearable]) == WHOLE
    left = survival(voters, names[: bearable + 1])
    assert left == (NOTHING if count == 1 else READ_ONLY)


@pytest.mark.parametrize(
    ("lost", "left"),
    [
        ([], WHOLE),
        (["eu-0"], WHOLE),
        (["eu-0", "eu-1"], WHOLE),
        (["eu-0", "in-0"], WHOLE),
        (["in-0", "in-1"], WHOLE),
        (["eu-0", "eu-1", "in-0"], READ_ONLY),
        (["eu-0", "in-0", "in-1"], READ_ONLY),
        (["eu-0", "eu-1", "eu-2", "in-0"], READ_ONLY),
        (["eu-0", "eu-1", "eu-2", "in-0", "in-1"], NOTHING),
        (["us-0"], WHOLE),
    ],
)
def test_any_three_of_the_five_voters_are_enough(lost: list[str], left: Survival) -> None:
    assert survival(OF_THE_DECISION, lost) == left


@pytest.mark.parametrize(
    ("lost", "left"),
    [
        (["eu-0"], WHOLE),
        (["eu-0", "in-0"], ELECTS_BUT_WRITES_WAIT),
        (["eu-0", "sg-arbiter"], WHOLE),
        (["eu-0", "eu-1", "sg-arbiter"], READ_ONLY),
        (["eu-0", "eu-1", "in-0", "in-1"], NOTHING),
    ],
)
def test_an_arbiter_votes_and_acknowledges_nothing(lost: list[str], left: Survival) -> None:
    assert survival(WITH_AN_ARBITER, lost) == left


def test_primary_secondary_arbiter_elects_alone_and_takes_no_majority_write_without_its_secondary() -> None:
    voters = [*members("eu", 2), arbiter("eu")]
    assert survival(voters, ["eu-1"]) == ELECTS_BUT_WRITES_WAIT


def test_members_of_priority_0_vote_and_never_become_primary() -> None:
    voters = [*members("eu", 1), *members("in", 2, priority=0)]
    assert survival(voters, ["in-0"]) == WHOLE
    assert survival(voters, ["eu-0"]) == READ_ONLY


def test_a_member_without_a_vote_counts_for_nothing_but_reads() -> None:
    voters = [*members("eu", 3), *members("in", 2, priority=0, votes=0)]
    assert without_group(voters, "in") == WHOLE
    assert without_group(voters, "eu") == READ_ONLY
    assert survival(voters, ["eu-0", "eu-1"]) == READ_ONLY


NEEDED_TO_ELECT = {1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 6: 4, 7: 4}
"""By the number of voting members: MongoDB manual, replica set architectures, "Consider Fault Tolerance"."""

NEEDED_TO_ACKNOWLEDGE = {
    (1, 0): 1, (1, 1): 1, (1, 2): 1, (1, 3): 1, (1, 4): 1, (1, 5): 1, (1, 6): 1,
    (2, 0): 2, (2, 1): 2, (2, 2): 2, (2, 3): 2, (2, 4): 2, (2, 5): 2,
    (3, 0): 2, (3, 1): 3, (3, 2): 3, (3, 3): 3, (3, 4): 3,
    (4, 0): 3, (4, 1): 3, (4, 2): 4, (4, 3): 4,
    (5, 0): 3, (5, 1): 4, (5, 2): 4,
    (6, 0): 4, (6, 1): 4,
    (7, 0): 4,
}  # fmt: skip
"""By data-bearing voters and arbiters. MongoDB manual, write concern, "Calculating Majority for Write Concern": the
smaller of the majority of all voting members, arbiters included, and the number of data-bearing voting members."""


def every_set() -> Iterator[tuple[int, int, int, int]]:
    """Data-bearing voters, those of them that may become primary, arbiters, and copies without a vote."""
    for data, arbiters in NEEDED_TO_ACKNOWLEDGE:
        for electable in range(data + 1):
            for copies in (0, 1):
                yield data, electable, arbiters, copies


def test_the_tables_are_whole() -> None:
    assert len(NEEDED_TO_ACKNOWLEDGE) == sum(8 - data for data in range(1, 8))
    assert sorted(NEEDED_TO_ELECT) == list(range(1, 8))


@pytest.mark.parametrize(("data", "electable", "arbiters", "copies"), list(every_set()))
def test_every_loss_of_every_set_of_up_to_seven_voters(data: int, electable: int, arbiters: int, copies: int) -> None:
    bearing = [Voter(f"data-{i}", "eu", priority=1 if i < electable else 0) for i in range(data)]
    referees = [Voter(f"arbiter-{i}", "eu", priority=0, arbiter=True) for i in range(arbiters)]
    spares = [Voter(f"copy-{i}", "eu", priority=0, votes=0) for i in range(copies)]
    members = [*bearing, *referees, *spares]
    for lost in itertools.product((False, True), repeat=len(members)):
        left = [member.name for member, gone in zip(members, lost, strict=True) if not gone]
        data_left = [name for name in left if name.startswith("data-")]
        voters_left = len([name for name in left if not name.startswith("copy-")])
        may_lead = any(f"data-{i}" in left for i in range(electable))
        elects = may_lead and voters_left >= NEEDED_TO_ELECT[data + arbiters]
        expected = Survival(
            elects=elects,
            majority_writes=elects and len(data_left) >= NEEDED_TO_ACKNOWLEDGE[data, arbiters],
            reads=any(not name.startswith("arbiter-") for name in left),
        )
        assert survival(members, {member.name for member in members} - set(left)) == expected, left


VOTERS = st.builds(
    Voter,
    name=st.uuids().map(str),
    group=st.sampled_from(["eu", "in", "sg"]),
    priority=st.sampled_from([0, 1, 5]),
    arbiter=st.booleans(),
)


@given(st.lists(VOTERS, max_size=7), st.data())
def test_losing_more_never_gives_back_what_is_lost(voters: list[Voter], data: st.DataObject) -> None:
    names = [voter.name for voter in voters]
    more = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set[str]()))
    fewer = data.draw(st.sets(st.sampled_from(sorted(more))) if more else st.just(set[str]()))
    before, after = survival(voters, fewer), survival(voters, more)
    assert before.elects or not after.elects
    assert before.majority_writes or not after.majority_writes
    assert before.reads or not after.reads


@given(st.lists(VOTERS, min_size=1, max_size=7), st.data())
def test_of_two_sides_that_do_not_see_each_other_at_most_one_elects(voters: list[Voter], data: st.DataObject) -> None:
    names = {voter.name for voter in voters}
    side = data.draw(st.sets(st.sampled_from(sorted(names))))
    assert not (survival(voters, side).elects and survival(voters, names - side).elects)


EUROPE, INDIA = Site("eu", servers=3, writes=True), Site("in", servers=3, writes=False)


def test_the_loss_of_the_writing_region_stops_writes_until_somebody_acts() -> None:
    loss = losses([EUROPE, INDIA], OF_THE_DECISION)[0]
    assert loss.region == "eu"
    assert loss.mongodb is not None
    assert (loss.postgresql.read, loss.postgresql.write) == (True, False)
    assert "failover" in loss.postgresql.note
    assert (loss.mongodb.read, loss.mongodb.write) == (True, False)
    assert "2 of 5 voters are left, 3 are needed" in loss.mongodb.note
    assert (loss.k3s.read, loss.k3s.write) == (True, True)


def test_the_loss_of_a_following_region_stops_nothing() -> None:
    loss = losses([EUROPE, INDIA], OF_THE_DECISION)[1]
    assert loss.region == "in"
    assert loss.mongodb is not None
    assert loss.postgresql.write
    assert loss.mongodb.write
    assert "3 of 5 voters are left" in loss.mongodb.note


def test_a_third_site_keeps_mongodb_writing_whichever_region_is_lost() -> None:
    sites = [EUROPE, INDIA, Site("sg", servers=1, writes=False)]
    assert [loss.mongodb is not None and loss.mongodb.write for loss in losses(sites, WITH_A_THIRD_SITE)] == [True] * 3


def test_a_lost_witness_takes_no_postgresql_with_it_and_none_is_read_there() -> None:
    sites = [EUROPE, INDIA, Site("sg", servers=1, writes=False, witness=True)]
    lost_europe, _, lost_witness = losses(sites, WITH_A_THIRD_SITE)
    assert "from in." in lost_europe.postgresql.note
    assert (lost_witness.postgresql.read, lost_witness.postgresql.write) == (True, True)
    assert "no PostgreSQL" in lost_witness.postgresql.note


def test_where_every_region_writes_the_others_go_on() -> None:
    sites = [EUROPE, Site("in", servers=3, writes=True)]
    assert [loss.postgresql.write for loss in losses(sites, [])] == [True, True]


def test_one_region_alone_leaves_nothing_but_backups() -> None:
    (loss,) = losses([EUROPE], members("eu", 3))
    assert loss.mongodb is not None
    for left in (loss.postgresql, loss.mongodb, loss.k3s):
        assert (left.read, left.write) == (False, False)
        assert "Restore" in left.note


def test_without_mongodb_nothing_is_said_of_it() -> None:
    assert [loss.mongodb for loss in losses([EUROPE, INDIA], [])] == [None, None]
