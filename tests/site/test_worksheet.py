"""The worksheet in a browser: by keyboard alone, and without JavaScript."""

from playwright.sync_api import expect

from advlab.chapters.threat_model import worksheet


def test_the_worksheet_answers_by_keyboard(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address + "threat_model/")
    answer = page.locator(".worksheet__answer")
    first = worksheet.answer("untargeted", "white box", "full model", "every pixel a little")
    expect(answer).to_contain_text(first.says)
    expect(answer).to_have_attribute("aria-live", "polite")

    page.locator(".worksheet select").first.focus()
    for steps in (1, 2, 1, 1):
        for _ in range(steps):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
    chosen = worksheet.answer("targeted", "black box", "inference API", "a small change in all")
    expect(answer).to_contain_text(chosen.says)
    expect(answer).to_contain_text(chosen.note)
    expect(answer).to_contain_text("AML.T0043.001")

    for _ in range(20):
        if page.evaluate("document.activeElement.matches('.worksheet__answer summary')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(answer.locator("pre")).to_be_visible()
    assert answer.locator("pre").inner_text().strip() == chosen.program.strip()
    for link in answer.locator("a").all():
        assert page.request.get(link.evaluate("link => link.href")).status == 200
    context.close()


def test_without_javascript_the_table_says_it(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "threat_model/")
    expect(page.locator(".worksheet form")).to_be_hidden()
    expect(page.locator(".worksheet tbody tr")).to_have_count(36)
    expect(page.locator(".worksheet table")).to_be_visible()
    context.close()
