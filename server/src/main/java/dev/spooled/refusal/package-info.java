/// What a door answers when it says no: `Refusal`, thrown as `Refused`.
@NullMarked
package dev.spooled.refusal;

import org.jspecify.annotations.NullMarked;
