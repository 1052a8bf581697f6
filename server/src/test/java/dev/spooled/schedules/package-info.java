@NullMarked
package dev.spooled.schedules;

import org.jspecify.annotations.NullMarked;
