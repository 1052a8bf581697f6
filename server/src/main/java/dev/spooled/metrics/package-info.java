/// Prometheus metrics.
@NullMarked
package dev.spooled.metrics;

import org.jspecify.annotations.NullMarked;
