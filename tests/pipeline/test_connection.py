import pytest

from components.errors import InputError
from pipeline import connection
from pipeline.layout import Layout


@pytest.fixture
def environment(monkeypatch):
    def put(store, password=""):
        monkeypatch.setenv(connection.STORE, store)
        monkeypatch.setenv(connection.PASSWORD, password)

    return put


def test_without_a_server_it_is_a_file_under_the_root(tmp_path):
    config = connection.connection(str(tmp_path))
    assert config.sqlite.filename_uri == Layout(str(tmp_path)).store
    assert not connection.exists(str(tmp_path))


def test_a_server_is_named_by_the_environment(environment, tmp_path):
    environment("mysql://me@db/millrace", "p@ss")
    mysql = connection.connection(str(tmp_path)).mysql
    assert (mysql.host, mysql.port, mysql.user, mysql.database, mysql.password) == (
        "db",
        3306,
        "me",
        "millrace",
        "p@ss",
    )
    assert connection.exists(str(tmp_path))

    environment("postgresql://me@db:5433/millrace", "it's a \\")
    server = connection.connection(str(tmp_path)).postgresql
    assert (server.host, server.port, server.user) == ("'db'", "'5433'", "'me'")
    assert (server.dbname, server.password) == ("millrace", "'it\\'s a \\\\'")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sqlite:///x", "sqlite:///x"),
        ("mysql://db/millrace", "mysql://db/millrace"),
        ("mysql://me@db", "mysql://…@db"),
        ("postgresql://me:secret@db/millrace", "postgresql://…@db/millrace"),
        ("mysql:me:secret@db/millrace", "…@db/millrace"),
        ("me:secret@db/millrace", "…@db/millrace"),
        ("mysql://me:se/cret@secret@db/millrace", "mysql://…@db/millrace"),
        ("mysql://me@db/millrace?ssl-mode=REQUIRED", "mysql://…@db/millrace"),
        ("mysql://me@db/millrace?password=secret", "mysql://…@db/millrace"),
        ("mysql://me@db/millrace#secret", "mysql://…@db/millrace"),
        ("mysql://me@db:33O6/millrace", "mysql://…@db:33O6/millrace"),
        ("mysql://me:secret@db:330699/millrace", "mysql://…@db:330699/millrace"),
        ("mysql://me:secret@[db/millrace", "mysql://…@[db/millrace"),
        ("nonsense", "nonsense"),
    ],
)
def test_what_is_no_address_is_refused_without_telling_a_password(environment, address, shown):
    environment(address)
    with pytest.raises(InputError, match=r"MILLRACE_STORE: .*write mysql:// or postgresql://USER@HOST") as refused:
        connection.connection("/root")
    assert str(refused.value).endswith(f"Received: {shown}")
    assert "secret" not in str(refused.value)
