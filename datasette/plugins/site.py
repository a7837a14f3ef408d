"""Hand the site's hooks to Datasette; what they do stands in kb.web. The clock is read here and nowhere below."""

from datetime import UTC, datetime

from datasette import hookimpl

from kb.web import dressing, mount

asgi_wrapper = hookimpl(lambda datasette: mount.asgi_wrapper(datasette, lambda: datetime.now(UTC)))
extra_template_vars = hookimpl(dressing.extra_template_vars)
get_metadata = hookimpl(mount.get_metadata)
handle_exception = hookimpl(mount.handle_exception)
prepare_jinja2_environment = hookimpl(dressing.prepare_jinja2_environment)
register_routes = hookimpl(lambda: mount.register_routes(lambda: datetime.now(UTC).date()))
render_cell = hookimpl(mount.render_cell)
