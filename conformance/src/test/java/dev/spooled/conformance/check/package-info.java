@NullMarked
package dev.spooled.conformance.check;

import org.jspecify.annotations.NullMarked;
