"""The database: an embedded server when none is given, connections, migrations, queries."""
