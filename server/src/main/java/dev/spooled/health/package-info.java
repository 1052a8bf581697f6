/// Liveness, readiness and the health summary.
@NullMarked
package dev.spooled.health;

import org.jspecify.annotations.NullMarked;
