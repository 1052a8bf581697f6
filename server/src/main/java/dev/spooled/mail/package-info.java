/// Sending e-mail: `Postbox` is what features know, `SmtpPostbox` speaks to a server.
@NullMarked
package dev.spooled.mail;

import org.jspecify.annotations.NullMarked;
