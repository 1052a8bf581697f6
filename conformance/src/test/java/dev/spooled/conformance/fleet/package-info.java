@NullMarked
package dev.spooled.conformance.fleet;

import org.jspecify.annotations.NullMarked;
