"""``manage.py why``: the reasons on the command line."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.functional.domain.asking import arrange, why
from tests.functional.domain.world import World


def test_the_command_line_says_the_same(world: World) -> None:
    _, uat = arrange(world)
    freight = world.freight("a")
    arguments = ["why", "--project", "demo", "--stage", "uat", "--freight", freight.alias]

    lines, document = StringIO(), StringIO()
    call_command(*arguments, stdout=lines)
    call_command(*arguments, "--json", stdout=document)

    expected = why(uat, freight)
    assert [it["message"] for it in json.loads(document.getvalue())] == [
        it.message for it in expected
    ]
    assert all(it.message in lines.getvalue() for it in expected)
    assert "refused      not yet verified in test" in lines.getvalue()


def test_the_command_line_tells_what_a_promotion_waits_for(world: World) -> None:
    test, _ = arrange(world)
    world.promote(test, world.freight("a"))
    waiting = world.promote(test, world.freight("b"))
    told = StringIO()

    call_command("why", "--project", "demo", "--promotion", waiting.name, stdout=told)

    assert "is under way" in told.getvalue()
    with pytest.raises(CommandError, match="Give --stage and --freight, or --promotion"):
        call_command("why", "--project", "demo", "--stage", "test")


def test_the_command_line_tells_how_a_promotion_ended(world: World) -> None:
    test, _ = arrange(world)
    done = world.promote(test, world.freight("a"))
    world.settle()
    told = StringIO()

    call_command("why", "--project", "demo", "--promotion", done.name, stdout=told)

    assert told.getvalue().startswith("it has ended as Succeeded")
