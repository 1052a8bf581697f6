@NullMarked
package dev.spooled.workflows;

import org.jspecify.annotations.NullMarked;
