/// What is started, broken and stopped: nodes, their PostgreSQL, Redis, a balancer. Open `Fleet` first.
@NullMarked
package dev.spooled.conformance.fleet;

import org.jspecify.annotations.NullMarked;
