from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from promotions.engine.autopromotion import candidates
from promotions.engine.availability import FreightStanding, RequestedFreight
from promotions.engine.freight import (
    Artifact,
    Chart,
    Commit,
    FreightOrigin,
    Image,
    canonical_freight,
    freight_name,
)
from promotions.engine.names import promotion_name, shorten_with_hash
from promotions.engine.references import parse_reference, resolve_reference
from promotions.engine.urls import (
    normalise_chart_url,
    normalise_git_url,
    normalise_image_url,
    sanitise,
)

ORIGIN = FreightOrigin("main")
ADDRESSES = st.lists(
    st.sampled_from(
        ["https://", "ssh://", "git@", "GitHub.com", ":", "/", "a", ".git", "?x", "#f", "%2f"]
    )
    | st.text("aB@:/?#.%é \u200b\ud800[]", max_size=3),
    max_size=7,
).map("".join)
REFERENCES = st.lists(
    st.sampled_from(["docker.io", "ghcr.io", "localhost", "library", "ab", "/", ":", "@", "oci:"])
    | st.text("aA_.-5é", max_size=3),
    max_size=7,
).map("".join)
ULIDS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)


@given(ADDRESSES)
def test_every_address_has_a_normal_form(address: str) -> None:
    assert isinstance(normalise_git_url(address), str)
    assert sanitise(sanitise(address)) == sanitise(address)


@pytest.mark.parametrize("scheme", ["https://", "ssh://", "git@"])
@given(path=st.text("abC-_./", max_size=8))
def test_normalising_twice_changes_nothing_more_than_suffixes(scheme: str, path: str) -> None:
    once = normalise_git_url(f"{scheme}Host.example:/{path}")

    assert once.lower() == once
    assert normalise_git_url(f"{once}/x.git") == f"{once}/x"


@given(REFERENCES)
def test_normalising_an_image_twice_changes_nothing(reference: str) -> None:
    once = normalise_image_url(reference)

    assert normalise_image_url(once) == once
    assert normalise_chart_url(f"oci://{once}") == once


@given(REFERENCES)
def test_a_reference_reads_back_from_its_parts(text: str) -> None:
    found = parse_reference(text)
    if found is None:
        return

    shown = f"{found.registry}/{found.repository}"

    assert parse_reference(shown) == parse_reference(f"{shown}")
    assert resolve_reference(f"oci://{shown}").tag == "latest"  # shown may itself begin with oci:


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("nginx", ("index.docker.io", "library/nginx", "", "")),
        ("docker.io/acme/shop:1", ("index.docker.io", "acme/shop", "1", "")),
        ("registry-1.docker.io/nginx", ("registry-1.docker.io", "nginx", "", "")),
        ("localhost/ab", ("index.docker.io", "localhost/ab", "", "")),
        ("https://host/a:b", ("https:", "/host/a", "b", "")),
        ("localhost:5000", ("index.docker.io", "library/localhost", "5000", "")),
        ("my_host.example:5000/ab:V1", ("my_host.example:5000", "ab", "V1", "")),
        ("[::1]:5000/a/b", ("[::1]:5000", "a/b", "", "")),
        ("ab@sha256:" + "0" * 64, ("index.docker.io", "library/ab", "", "sha256:" + "0" * 64)),
    ],
)
def test_a_reference_falls_into_parts(text: str, parts: tuple[str, ...]) -> None:
    found = parse_reference(text)

    assert found is not None
    assert (found.registry, found.repository, found.tag, found.digest) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "ghcr.io/",
        "ghcr.io/A/b",
        "ab:",
        "ab:é",
        "ab@md5:0",
        "ab@sha256:0",
        "a b/c",
        "x y.z/ab",
        "https://host:80/a",
        "ab:" + "1" * 129,
        "a" * 256,
    ],
)
def test_what_is_no_reference_has_no_parts(text: str) -> None:
    assert parse_reference(text) is None


@given(st.permutations(range(4)), st.text(max_size=3))
def test_the_order_of_artifacts_does_not_name_freight(order: list[int], subscription: str) -> None:
    commits = [Commit(f"https://h/{index}", "c", tag="t" * index) for index in range(4)]
    images = [Image(f"h/{index}", "1", "sha256:0") for index in range(4)]
    charts = [Chart(f"https://h/{index}", "1", "n", subscription) for index in range(4)]
    artifacts = [Artifact("model", f"s{index}", "1") for index in range(4)]

    names = {
        freight_name(
            ORIGIN,
            commits=[commits[index] for index in indexes],
            images=[images[index] for index in indexes],
            charts=[charts[index] for index in indexes],
            artifacts=[artifacts[index] for index in indexes],
        )
        for indexes in (range(4), order)
    }

    assert len(names) == 1


@pytest.mark.parametrize(
    ("chart", "part"),
    [
        (Chart("https://c/x/", "1", "app"), "https:/c/x/app:1"),
        (Chart("oci://GHCR.io/a/b", "1"), "ghcr.io/a/b:1"),
        (Chart("https://c", "1", "/a/../b", "sub"), "https:/c/b:1:sub"),
        (Chart("", "1", "app"), "app:1"),
    ],
)
def test_a_chart_is_named_by_its_joined_path(chart: Chart, part: str) -> None:
    assert canonical_freight(ORIGIN, charts=[chart]) == f"Warehouse/main:{part}"


@given(st.lists(ULIDS, min_size=2, max_size=5), st.text("ab-.", min_size=1, max_size=230))
def test_promotion_names_of_a_stage_sort_by_their_ulids(ulids: list[str], stage: str) -> None:
    names = [promotion_name(stage, ulid, "0123456789") for ulid in sorted(ulids)]

    assert names == sorted(names)
    assert all(len(name) <= 253 for name in names)


@given(st.text("ab-é", max_size=40), st.integers(0, 40), st.sampled_from(["-", ".", "", "--"]))
def test_a_shortened_name_fits_and_a_short_one_stays(text: str, limit: int, separator: str) -> None:
    try:
        short = shorten_with_hash(text, limit=limit, separator=separator)
    except ValueError:
        assert limit < 8
        return

    assert short == text or len(short.replace("\ufffd", "?").encode()) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "separator", "short"),
    [
        ("a" * 30, 9, "-", "3a54fc0c"),
        ("a" * 30, 10, "-", "a-3a54fc0c"),
        ("a" * 30, 10, "", "a-3a54fc0c"),
        ("-" * 30, 12, "-", "-ab95e4d9"),
    ],
)
def test_the_hash_takes_the_end(text: str, limit: int, separator: str, short: str) -> None:
    found = shorten_with_hash(text, limit=limit, separator=separator)

    assert found[:-8] == short[:-8]
    assert len(found) == len(short)


@given(st.permutations(range(3)))
def test_the_candidate_does_not_depend_on_the_order_of_freight(order: list[int]) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    freight = [FreightStanding(f"f{index}", ORIGIN, at) for index in order]

    assert candidates([RequestedFreight(ORIGIN)], freight) == {"Warehouse/main": "f2"}
