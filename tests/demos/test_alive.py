"""The life of a demo that computes in its page: hands, keys, play, and readers without any of them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect
from script_reading import MODULES, SCRIPTED, SCRIPTS, anywhere, corners

from pgcompanion.demos import bernoulli, gridworlds, show
from pgcompanion.demos.engine.controls import defaults
from pgcompanion.demos.engine.static import html

drawn = cache(html)  # once for all tests
ARROWS = ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown")

LAPTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
#: What a browser leaves of the laptop's height below the book's header.
VISIBLE = 752

DEMOS = {name: importlib.import_module(f"pgcompanion.demos.{name}") for name in SCRIPTED}
every = pytest.mark.parametrize("name", SCRIPTED)


def awake(visit: Callable[..., Page], body: str, **options: object) -> Page:
    page = visit(body, **options)
    page.locator(".pg-demo--awake").first.wait_for()
    return page


def unfold(page: Page) -> None:
    """What a demo folds away at first is opened, and drawn."""
    for summary in page.locator(".pg-demo__more:not([open]) > summary").all():
        summary.click()
    # The event that it opens, and the frame after it.
    page.evaluate("new Promise((drawn) => setTimeout(() => requestAnimationFrame(drawn)))")


def values(page: Page) -> dict:
    return page.evaluate("document.querySelector('.pg-demo').pgDemo.values")


def picture(page: Page) -> str:
    page.evaluate("document.querySelector('.pg-demo').pgDemo.render()")
    return page.locator(".pg-demo__picture").inner_html()


def centre(handle: Locator) -> tuple[float, float]:
    box = handle.locator(".pg-demo__reach").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_every_script_has_its_demo_and_all_together_are_light():
    files = {file.stem for file in SCRIPTS.glob("*.js")}
    assert files == {*SCRIPTED, "shared"}
    assert set(SCRIPTED) <= set(MODULES)
    weight = sum(
        file.stat().st_size for file in [*SCRIPTS.glob("*.js"), SCRIPTS.parent / "demo.js"]
    )
    assert 1e4 < weight <= 2.5e5


@every
def test_without_scripts_the_first_frame_and_its_sentence_stand(name: str, visit):
    demo = DEMOS[name]
    page = visit(drawn(demo), java_script_enabled=False)
    words = demo.describe(**defaults(demo))
    expect(page.locator(".pg-demo__caption")).to_have_text(words)
    expect(page.get_by_role("img", name=words, exact=True)).to_be_visible()
    assert page.locator("input:visible, select:visible, button:visible").count() == 0


@every
def test_it_opens_on_the_first_state_and_says_so(name: str, visit):
    demo = DEMOS[name]
    assert all(control.start == 0 for control in demo.controls.values() if control.time)
    page = awake(visit, drawn(demo))
    assert values(page).items() >= defaults(demo).items()
    for control, look in demo.controls.items():
        expect(page.locator(f"[name={control}]")).to_be_visible(visible=not look.more)
    unfold(page)
    for control in demo.controls:
        expect(page.locator(f"[name={control}]")).to_be_visible()
    expect(page.locator(".pg-demo__caption")).not_to_be_empty()
    assert page.locator(".pg-demo__picture > svg").get_attribute("role") == "group"


@every
def test_it_fits_a_laptop_and_a_telephone(name: str, visit):
    page = awake(visit, drawn(DEMOS[name]), viewport=LAPTOP)
    demo, controls = (page.locator(at).bounding_box() for at in (".pg-demo", ".pg-demo__controls"))
    shown = page.locator(".pg-demo__picture").bounding_box()
    assert demo["height"] <= VISIBLE
    assert controls["x"] >= shown["x"] + shown["width"]
    unfold(page)
    assert page.locator(".pg-demo").bounding_box()["height"] <= VISIBLE
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.evaluate("""() => [...document.querySelectorAll(
        ".pg-demo input[type=range], .pg-demo select, .pg-demo button, .pg-demo summary, .pg-demo__reach")]
        .map((each) => [each.outerHTML.slice(0, 60), each.getBoundingClientRect()])
        .filter(([, box]) => box.height && box.height < 43.9).map(([what]) => what)""")
    assert small == []


#: What is wrong with a picture's words after each of some moves: small, cut off, or on each other.
FAULTS = """(choices) => {
  const demo = document.querySelector(".pg-demo").pgDemo, faults = new Set();
  for (const values of [{}, ...choices]) {
    demo.set(values);
    demo.render();
    const frame = document.querySelector(".pg-demo__picture svg").getBoundingClientRect();
    const words = [...document.querySelectorAll(".pg-demo__picture text")].map((text) => {
      const box = text.getBoundingClientRect(), rim = box.height / 4;
      if (parseFloat(getComputedStyle(text).fontSize) < 11) faults.add("small: " + text.textContent);
      return {text: text.textContent, left: box.left, right: box.right,
              top: box.top + rim, bottom: box.bottom - rim};
    });
    words.forEach((one, place) => {
      if (one.left < frame.left - 1 || one.right > frame.right + 1 || one.top < frame.top ||
          one.bottom > frame.bottom) faults.add("cut off: " + one.text);
      for (const other of words.slice(place + 1))
        if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
            Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1)
          faults.add(`on each other: ${one.text}, ${other.text}`);
    });
  }
  return [...faults];
}"""


@every
def test_its_words_are_legible_and_on_no_others(name: str, visit):
    choices = [*corners(DEMOS[name]), *anywhere(DEMOS[name], 12)]
    for size in (LAPTOP, PHONE):
        page = awake(visit, drawn(DEMOS[name]), viewport=size)
        assert page.evaluate(FAULTS, choices) == []
        unfold(page)
        assert page.evaluate(FAULTS, choices) == []
    page.evaluate(
        "document.querySelectorAll('.pg-demo__picture text').forEach("
        "(text) => text.setAttribute('font-size', 40))"
    )
    assert page.evaluate(FAULTS.replace("demo.render()", "0"), [])


@every
def test_every_handle_moves_by_hand_and_by_keys(name: str, visit):
    page = awake(visit, drawn(DEMOS[name]), viewport=LAPTOP)
    handles = page.locator(".pg-demo__handle:not(.pg-demo__handle--ghost)")
    for place in range(handles.count()):
        handle, before = handles.nth(place), picture(page)
        assert handle.get_attribute("role") == "slider"
        assert handle.get_attribute("aria-label")
        assert handle.get_attribute("aria-valuetext")
        handle.focus()
        for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
        by_keys = picture(page)
        assert by_keys != before
        x, y = centre(handle)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 22, y - 12, steps=4)
        page.mouse.up()
        assert picture(page) != by_keys
    assert handles.count() or name == "gridworlds"


#: The arrows that lead a handle the wrong way. Right and up raise the number that it stands for; one that
#: stands for a point goes right, or up. Each is pressed after the one against it, since the handle may stand
#: at an end. `wrong` presses all of them the other way round.
ASTRAY = """(wrong) => {
  const opposite = {
    ArrowRight: "ArrowLeft", ArrowLeft: "ArrowRight", ArrowUp: "ArrowDown", ArrowDown: "ArrowUp",
  };
  const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const demo = document.querySelector(".pg-demo").pgDemo;
  return [...document.querySelectorAll(".pg-demo__handle")].map((handle) => {
    const pressed = (key) => {
      handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      demo.render();
      const [x, y] = handle.getAttribute("transform").match(/-?[0-9.]+/g).map(Number);
      return [Number(handle.getAttribute("aria-valuenow")), x, -y];
    };
    return Object.keys(ways).filter((key) => {
      const keys = wrong ? [key, opposite[key]] : [opposite[key], key];
      const [from, to] = keys.map(pressed), [right, up] = ways[key];
      const [raised, righted, lifted] = to.map((each, i) => each - from[i]);
      return (raised ? (right + up) * raised : right * righted + up * lifted) <= 0;
    });
  });
}"""


@every
def test_every_arrow_leads_a_handle_its_way(name: str, visit):
    page = awake(visit, drawn(DEMOS[name]), viewport=LAPTOP)
    found = page.evaluate(ASTRAY, False)
    assert found == [[]] * len(found) != []
    assert page.evaluate(ASTRAY, True) == [[*ARROWS]] * len(found)


def test_a_handle_stays_under_the_hand_that_drags_it(visit):
    page = awake(visit, drawn(bernoulli), viewport=LAPTOP)
    handle = page.locator(".pg-demo__handle")
    x, y = centre(handle)
    page.mouse.move(x, y)
    page.mouse.down()
    for far in (-10, -25, -40):
        page.mouse.move(x + far, y)
        picture(page)
        assert centre(handle)[0] == pytest.approx(x + far, abs=1)
    page.mouse.up()
    page.mouse.move(x + 60, y)
    picture(page)
    assert centre(handle)[0] == pytest.approx(x - 40, abs=1)
    assert values(page)["theta0"] < 0


def test_a_finger_brings_the_start_to_where_it_taps(visit):
    page = awake(visit, drawn(bernoulli), viewport=PHONE, has_touch=True)
    x, y = centre(page.locator(".pg-demo__handle"))
    page.touchscreen.tap(x + 40, y)
    picture(page)
    assert centre(page.locator(".pg-demo__handle"))[0] == pytest.approx(x + 40, abs=1.5)


def test_a_slider_has_a_hundred_stops_and_shows_its_value(visit):
    page = awake(visit, drawn(bernoulli))
    slider = page.get_by_role("slider", name="step size η")
    seen = set()
    slider.press("Home")
    for _ in range(100):
        slider.press("ArrowRight")
        seen.add(values(page)["eta"])
    assert len(seen) > 90
    picture(page)
    said = page.locator(".pg-demo__control", has=slider).locator("output").inner_text()
    assert float(said) == pytest.approx(values(page)["eta"], rel=0.01)


def stopped(page: Page) -> None:
    page.clock.install(time=0)
    page.clock.pause_at(1)


def test_play_is_motion_that_ends_or_loops(visit):
    page = awake(visit, drawn(bernoulli))
    stopped(page)
    play = page.get_by_role("button", name="Play")
    play.click()
    expect(page.locator(".pg-demo__caption")).to_have_attribute("aria-live", "off")
    moments = []
    for _ in range(12):
        page.clock.run_for(50)
        moments.append(page.evaluate("document.querySelector('.pg-demo').pgDemo.at.k"))
    assert all(0 < later - sooner < 0.5 for sooner, later in pairwise(moments))
    page.clock.run_for(8000)
    assert values(page)["k"] == bernoulli.K
    expect(play).to_have_text("Play")
    expect(page.locator(".pg-demo__caption")).to_have_attribute("aria-live", "polite")
    page.get_by_role("button", name="Loop").click()
    play.click()
    page.clock.run_for(9000)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert 0 < values(page)["k"] < bernoulli.K


def test_for_who_asked_for_less_motion_it_jumps_from_step_to_step(visit):
    page = awake(visit, drawn(bernoulli), reduced_motion="reduce")
    stopped(page)
    page.get_by_role("button", name="Play").click()
    for _ in range(20):
        page.clock.run_for(90)
        moment = page.evaluate("document.querySelector('.pg-demo').pgDemo.at.k")
        assert moment == int(moment)
    assert values(page)["k"] > 1


def test_a_hand_on_the_slider_stops_the_play(visit):
    page = awake(visit, drawn(bernoulli))
    stopped(page)
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1000)
    page.get_by_role("slider", name="step k").press("Home")
    page.clock.run_for(3000)
    assert values(page)["k"] == 0


def test_the_colours_are_those_of_the_page_in_both_modes(visit):
    page = awake(visit, drawn(bernoulli))

    def blue() -> str:
        return page.locator(".pg-demo__picture path[stroke*=blue]").first.evaluate(
            "e => getComputedStyle(e).stroke"
        )

    light = blue()
    assert light == "rgb(0, 114, 178)"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert blue() != light
    assert not re.search(r"(fill|stroke)=\"(#|rgb)", picture(page))


def test_on_paper_there_is_the_picture_and_no_control(visit):
    page = awake(visit, drawn(bernoulli))
    page.emulate_media(media="print")
    expect(page.locator(".pg-demo__controls")).to_be_hidden()
    expect(page.locator(".pg-demo__picture svg")).to_be_visible()


def test_a_cell_is_painted_by_hand_and_by_keys_and_the_start_stays(visit):
    page = awake(visit, drawn(gridworlds), viewport=LAPTOP)
    drawing = page.locator(".pg-demo__picture > svg")
    box = drawing.bounding_box()
    corner = {"x": 20, "y": 45}
    drawing.click(position={"x": corner["x"] + 125, "y": corner["y"]})
    assert values(page)["world"] == "S.#.\n.#.P\n....\nP..G"
    drawing.click(position=corner)
    assert values(page)["world"].startswith("S"), "the last start is not painted over"
    page.get_by_role("button", name="pit").click()
    cursor = page.locator(".pg-demo__handle--ghost")
    cursor.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
        picture(page)
    assert values(page)["world"] == "S.P.\n.#.P\n....\nP..G"
    page.get_by_role("button", name="start").click()
    page.mouse.click(box["x"] + 20, box["y"] + 45 + 3 * 62)
    page.get_by_role("button", name="start").click()
    drawing.click(position={"x": corner["x"] + 70, "y": corner["y"]})
    assert values(page)["world"].count("S") == 1
    page.get_by_role("combobox", name="map").select_option("cliff")
    assert values(page)["world"] == "cliff"


def test_an_opening_shows_the_exact_gradient_beside_a_sampled_one(visit):
    opening = {"algorithm": "policy gradient", "rival": "policy gradient", "rivalN": 20}
    page = awake(visit, html(gridworlds, opening), viewport=LAPTOP)
    assert values(page).items() >= (defaults(gridworlds) | opening).items()
    assert page.locator(".pg-demo").bounding_box()["height"] <= VISIBLE
    page.get_by_role("slider", name="iteration k").press("End")
    exact, sampled = (
        gridworlds.numbers("4x4", "policy gradient", "medium", gridworlds.K, N)["J"][-1]
        for N in (0, 20)
    )
    words = page.locator(".pg-demo__caption")
    expect(words).to_contain_text(f"{exact:.3f}")
    expect(words).to_contain_text(f"{sampled:.3f}")
    assert f"{exact:.3f}" != f"{sampled:.3f}"
    unfold(page)
    page.get_by_role("combobox", name="against").select_option("nobody")
    expect(words).not_to_contain_text(f"{sampled:.3f}")
    assert page.get_by_role("combobox", name="its steps see").count() == 0


@every
def test_on_a_telephone_what_plays_stands_right_below_the_picture(name: str, visit):
    page = awake(visit, drawn(DEMOS[name]), viewport=PHONE, has_touch=True)
    if not (play := page.locator(".pg-demo__play").first).count():
        assert not any(control.time for control in DEMOS[name].controls.values())
        return

    def below() -> float:
        shown = page.locator(".pg-demo__picture").bounding_box()
        return play.bounding_box()["y"] - shown["y"] - shown["height"]

    assert 0 <= below() < 70
    page.locator(".pg-demo__control--time").evaluate("row => row.style.order = 9")
    assert below() > 70, "a row that comes last has others above it"


#: Maps on which there is little or nothing to learn, and whether there is anything.
ODD = {
    "S#G\n.#.\n.#P": False,
    "S#..\n##.G\n...P": False,
    "S": False,
    "S..\n...": False,
    "PPP\nPSP\nPPP": False,
    "SG": True,
    "SPP\nPPP": True,
    "S.S\n.G.": True,
}


@pytest.mark.parametrize("world", ODD)
def test_an_odd_map_is_drawn_with_numbers_and_said_in_a_sentence(world: str, visit):
    page = awake(visit, html(gridworlds), viewport=LAPTOP)
    demo = "document.querySelector('.pg-demo').pgDemo"
    for algorithm in gridworlds.controls["algorithm"].values:
        for N in (0, 20):
            mine = {"world": world, "algorithm": algorithm, "N": N, "k": 16}
            page.evaluate(f"(values) => {demo}.set(values)", mine | {"rival": "NPG", "rivalN": 20})
            assert not re.search("NaN|Infinity|undefined", picture(page))
    words = page.locator(".pg-demo__caption")
    expect(words).to_contain_text("On your map")
    nothing = re.compile("every policy earns −[0-9.]+: there is nothing to learn")
    (expect(words).not_to_have_text if ODD[world] else expect(words).to_have_text)(nothing)
    page.locator(".pg-demo__picture text").first.evaluate("text => text.textContent = 'J = NaN'")
    assert re.search("NaN|Infinity|undefined", picture(page))


def test_two_demos_on_a_page_do_not_touch_each_other(visit):
    page = awake(visit, drawn(bernoulli) + drawn(gridworlds))
    page.locator(".pg-demo--awake").nth(1).wait_for()
    first, second = page.locator(".pg-demo").all()
    page.wait_for_timeout(500)  # until both have said their sentence
    before = second.locator(".pg-demo__picture").inner_html()
    first.get_by_role("slider", name="step k").press("End")
    page.wait_for_timeout(100)
    assert second.locator(".pg-demo__picture").inner_html() == before


def test_a_demo_without_a_script_keeps_its_frames(toy):
    assert "pg-demo--alive" not in html(toy)
    assert '"frames"' in html(toy)
    assert callable(show)
