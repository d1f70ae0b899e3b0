"""Templates: what they make, and what is wrong with them, said at start."""

from __future__ import annotations

import pytest

from hogsend.email.errors import TemplateError
from hogsend.email.templates import Templates
from hogsend.errors import DefinitionError

LAYOUT = """<mjml>
  <mj-head><mj-title>{% block subject %}News{% endblock %}</mj-title></mj-head>
  <mj-body>{% block body %}{% endblock %}
    <mj-section><mj-column>
      {% if unsubscribe_url %}<mj-text><a href="{{ unsubscribe_url }}">Stop</a></mj-text>{% endif %}
    </mj-column></mj-section>
  </mj-body>
</mjml>"""
WELCOME = """{% extends "_layout.mjml" %}
{% block subject %}Welcome,
  {{ name }} & co{% endblock %}
{% block body %}{% for step in steps %}
  <mj-section><mj-column><mj-text>{{ step }} for {{ name }}</mj-text></mj-column></mj-section>
{% endfor %}{% endblock %}"""


@pytest.fixture
def make(tmp_path):
    def made(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return Templates(tmp_path)

    return made


def mjml(text):
    return f"<mjml><mj-body><mj-section><mj-column>{text}</mj-column></mj-section></mj-body></mjml>"


def test_a_template_extends_a_layout(make):
    """Loops and inheritance span MJML's elements; the subject is a block, on one line."""
    templates = make(_layout_DOT_mjml=LAYOUT, welcome_DOT_mjml=WELCOME)
    assert templates.names == ["welcome"]
    content = templates.render(
        "welcome", {"name": "Ada", "steps": ["One", "Two"], "unsubscribe_url": "https://x/?a=1&b=2"}
    )
    assert content.subject == "Welcome, Ada & co"
    assert "<!doctype html>" in content.html
    assert content.html.count(" for Ada</div>") == 2
    assert content.text == "One for Ada\n\nTwo for Ada\n\nStop (https://x/?a=1&b=2)\n"


def test_values_cannot_become_markup(make):
    """In HTML they are escaped, in MJML too; subject and text have them as they are."""
    bad = '<script>alert("1")</script><mj-raw>&'
    templates = make(
        a_DOT_mjml=mjml("<mj-text>{% block subject %}{{ x }}{% endblock %}</mj-text>"),
        b_DOT_html="<title>{% block subject %}{{ x }}{% endblock %}</title><p>{{ x }}</p>",
        b_DOT_txt="Dear {{ x }}",
    )
    for name in ("a", "b"):
        content = templates.render(name, {"x": bad})
        assert content.subject == bad
        assert bad in content.text
        assert "<script" not in content.html
        assert "<mj-raw" not in content.html
    assert content.text == f"Dear {bad}\n"


def test_a_subject_is_one_line_whoever_sets_it(make):
    """A line break in it would begin another header."""
    templates = make(a_DOT_html="<p>Hi</p>")
    subject = "Hello\r\nBcc: eve@example.com"
    assert templates.render("a", {}, subject=subject).subject == "Hello Bcc: eve@example.com"


def test_a_mail_loads_no_fonts(make):
    """MJML's default is a font from a foreign host."""
    page = make(a_DOT_mjml=mjml("<mj-text>Hi</mj-text>")).render("a", {}, subject="x").html
    assert "fonts.googleapis.com" not in page


@pytest.mark.parametrize(
    ("name", "variables", "words"),
    [
        ("welcom", {}, "Did you mean 'welcome'? There are: plain, welcome."),
        ("welcome", {"name": "Ada"}, r"welcome.mjml needs a variable: 'steps' is undefined"),
        ("plain", {"user": {}}, "'dict object' has no attribute 'email'"),
        ("plain", {"user": {"email": "a@b.c"}}, "plain.html has no subject. Put {% block subject"),
    ],
)
def test_what_is_missing_is_named(make, name, variables, words):
    """The template, the variable, and what to do."""
    templates = make(
        _layout_DOT_mjml=LAYOUT, welcome_DOT_mjml=WELCOME, plain_DOT_html="{{ user.email }}"
    )
    with pytest.raises(TemplateError) as caught:
        templates.render(name, {"unsubscribe_url": None, **variables})
    assert words in str(caught.value)


def test_without_templates_the_error_says_how_to_have_some():
    """The argument of create_client."""
    with pytest.raises(TemplateError, match=r"create_client\(templates="):
        Templates().render("welcome", {})


def test_all_faults_are_said_at_start(make):
    """Syntax, foreign elements, missing files, and names that clash, in one error."""
    with pytest.raises(DefinitionError) as caught:
        make(
            a_DOT_mjml="<p>not MJML</p>",
            b_DOT_mjml=mjml("{% if x %}<mj-nonsense>{{ x }}</mj-nonsense>{% endif %}"),
            c_DOT_mjml=mjml("{% if not x %}<mj-text>open{% endif %}"),
            d_DOT_html="{% include 'parts/foot.html' %}",
            e_DOT_html="{% extends '_nothing.html' %}",
            f_DOT_html="f",
            f_DOT_mjml=mjml(""),
            g_DOT_txt="text of nothing",
        )
    faults = "\n".join(caught.value.faults)
    for words in (
        "a.mjml: its MJML is wrong: unexpected token",
        "b.mjml: its MJML is wrong: <mj-nonsense> means nothing there",
        "c.mjml: its MJML is wrong: unexpected end of stream",
        "d.html: it extends or includes parts/foot.html, which is not there",
        "e.html: it extends or includes _nothing.html, which is not there",
        "f.html and f.mjml have the same name",
        "g.txt is the text of no template",
    ):
        assert words in faults
    assert len(caught.value.faults) == 7


def test_a_syntax_error_has_its_line(make):
    """Also in a layout that nobody extends, and for a filter that there is not."""
    with pytest.raises(DefinitionError) as caught:
        make(_l_DOT_mjml="\n{% if %}", a_DOT_html="{{ x | shout }}", sub__b_DOT_txt="{{")
    faults = "\n".join(caught.value.faults)
    assert "_l.mjml:2: " in faults
    assert "a.html:1: No filter named 'shout'" in faults
    assert "sub/b.txt:1: " in faults


def test_what_only_the_real_variables_can_do_is_no_fault(make):
    """Formats, sums, attributes, calls and loops pass the check at start."""
    templates = make(
        deep__a_DOT_html="{{ '%.2f' | format(price * 2 + 1) }} {{ at.strftime('%d') }} "
        "{% for x in xs[:3] | sort %}{{ x.y[0].z | upper }}{% else %}none{% endfor %}"
        "{{ xs | sum }}{% if xs | length > 3 or n > 2 %}many{% endif %}"
    )
    assert templates.names == ["deep/a"]


def test_a_directory_that_is_not_there_is_said(tmp_path):
    """At start, not at the first mail."""
    with pytest.raises(DefinitionError, match="no such directory"):
        Templates(str(tmp_path / "nothing"))
