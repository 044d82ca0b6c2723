"""One typed fixture per service of the shop; the fixture's name is the variable's."""

from __future__ import annotations

import harness

from .services import Catalog, Mailer, Orders, Postgres, Redis

catalog = harness.service_fixture(Catalog)
mailer = harness.service_fixture(Mailer)
orders = harness.service_fixture(Orders)
postgres = harness.service_fixture(Postgres)
redis = harness.service_fixture(Redis)
