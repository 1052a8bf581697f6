/// Signing in by a code sent by e-mail, and signing up that way where registration is open. Open `EmailLogin` first.
@NullMarked
package dev.spooled.login;

import org.jspecify.annotations.NullMarked;
