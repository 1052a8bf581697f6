/// What tests stand on: a database of their own (`TestDb`), a clock moved by hand (`ManualClock`).
@NullMarked
package dev.spooled.support;

import org.jspecify.annotations.NullMarked;
