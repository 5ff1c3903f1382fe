/** The command line tool: {@code waybill queues|dlq|convoys|payloads|health|capabilities}, on whatever broker the configuration names. */
@NullMarked
package dev.waybill.cli;

import org.jspecify.annotations.NullMarked;
