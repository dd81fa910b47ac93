import pytest

from promotions.engine.freight import Commit, FreightOrigin, Image, freight_name
from promotions.engine.names import (
    UlidMoment,
    format_ulid,
    next_ulid,
    promotion_name,
    shorten_label,
)

ORIGIN = FreightOrigin(name="wh")
ULID = "01JABCDEFGHJKMNPQRSTVWXYZ0"


def test_freight_of_one_repository_has_one_name_however_its_url_is_spelled() -> None:
    plain = Commit(repo_url="https://github.com/example/repo", id="abc")
    spelled = Commit(repo_url="https://GitHub.com/Example/Repo.git", id="abc")

    assert freight_name(ORIGIN, commits=[plain]) == freight_name(ORIGIN, commits=[spelled])


def test_the_order_of_artifacts_does_not_change_the_name() -> None:
    one, other = Image("a/b", "1", "sha256:1"), Image("c/d", "2", "sha256:2")

    assert freight_name(ORIGIN, images=[one, other]) == freight_name(ORIGIN, images=[other, one])


def test_a_promotion_is_named_for_stage_time_and_freight() -> None:
    assert promotion_name("dev", ULID, "ABC123def456") == f"dev.{ULID.lower()}.abc123d"


def test_a_promotion_to_a_target_names_it() -> None:
    assert promotion_name("dev", ULID, "abc1234", "eu").startswith("dev.eu.")


def test_without_a_stage_there_is_no_name() -> None:
    assert promotion_name("", ULID, "abc") == ""


def test_a_long_stage_leaves_a_name_that_fits() -> None:
    assert len(promotion_name("s" * 300, ULID, "abc1234")) == 253


def test_ulids_of_one_millisecond_still_grow() -> None:
    first = next_ulid(None, milliseconds=5, entropy=7)

    second = next_ulid(first, milliseconds=5, entropy=1)

    assert str(first) < str(second)
    assert second == UlidMoment(5, 8)


def test_a_ulid_grows_although_the_clock_went_back() -> None:
    first = next_ulid(None, milliseconds=9, entropy=7)

    assert str(next_ulid(first, milliseconds=3, entropy=99)) > str(first)


def test_entropy_that_is_used_up_moves_to_the_next_millisecond() -> None:
    full = UlidMoment(5, 2**80 - 1)

    assert next_ulid(full, milliseconds=5, entropy=3) == UlidMoment(6, 3)


def test_a_ulid_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="48 bits"):
        format_ulid(milliseconds=2**48, entropy=0)


def test_a_short_label_is_itself_and_a_long_one_ends_in_its_hash() -> None:
    long = shorten_label("x" * 80)

    assert shorten_label("dev") == "dev"
    assert len(long) == 63
    assert long.startswith("x" * 54 + "-")
