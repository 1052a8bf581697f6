/// The figures of an organization on one page.
@NullMarked
package dev.spooled.dashboard;

import org.jspecify.annotations.NullMarked;
