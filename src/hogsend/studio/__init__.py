"""Studio: the operator's window, at ``/studio``; pages made on the server, over ``ops`` alone.

How to add an area of pages:

1. ``studio/pages/AREA.py`` has one function ``AREA_pages(studio: Studio) -> APIRouter``, listed in
   ``studio/app.py``. Whoever comes so far is signed in, with the scope ``read`` at least; a route
   that changes something takes the parameter ``operator: Operator`` and uses ``operator.actor``.
   Requests of other sites were refused before.
2. A route asks ``ops`` (Studio has no SQL; what is missing is written there) and answers
   ``studio.page(request, "AREA.html", ...)``. What changes something is a POST that answers
   ``studio.done(request, "/path", "What was done.")``: back to a page, which says so.
3. ``templates/AREA.html`` extends ``base.html`` (blocks ``title``, ``heading``, ``content``) and
   imports the components from ``components.html``; no markup has ``style=`` or ``on…=``, which the
   Content-Security-Policy forbids. Paths begin with ``{{ base }}``.
4. What is live is a template of its own, ``_AREA_part.html``, included by the page and answered
   alone by a route of its own with ``studio.page``; the including element says
   ``hx-get="{{ base }}/…" hx-trigger="every 5s"``. Scripts ask nothing while the tab is hidden.
5. The side navigation has its entries in ``navigation.py``; a page names its entry with
   ``{% set area = "buckets" %}`` on top.
6. Lists take a ``Table`` (``tables.py``) from their query parameters: sort, order, search, offset.
7. Looks are in ``static/studio.css`` and nowhere else; charts are ``<div class="chart"
   data-chart="area">`` with their data in ``data-points`` (``static/charts.js``).
8. ``PAGES`` in ``tests/studio/test_browser.py`` lists every page: axe-core looks at each, in both
   schemes, wide and narrow. ``SHOTS`` in ``tests/studio/screenshots.py`` are the documentation's.
"""
