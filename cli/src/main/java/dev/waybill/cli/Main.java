package dev.waybill.cli;

import dev.waybill.BrokerUnavailableException;
import dev.waybill.WaybillException;
import dev.waybill.claimcheck.PayloadStoreException;
import dev.waybill.convoy.ConvoyException;
import dev.waybill.convoy.ConvoyStoreException;
import dev.waybill.spi.BrokerException;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line. */
@Command(
        name = "waybill",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 100,
        subcommands = {
            QueuesCommand.class,
            DlqCommand.class,
            ConvoysCommand.class,
            PayloadsCommand.class,
            HealthCommand.class,
            CapabilitiesCommand.class
        },
        description =
                "Looks at queues, their dead letters, convoys and payloads, and does what is to be done about them, on any broker.",
        footer = {
            "",
            "The broker comes from waybill.conf in this folder, the environment (WAYBILL_BROKER, WAYBILL_URI,",
            "WAYBILL_USERNAME, WAYBILL_PASSWORD) or the options of a command, of which the later win.",
            "",
            "Exit code: 0 done; 1 not all of it, or not healthy; 2 wrong usage or configuration; 3 no broker, queue or store."
        })
public final class Main implements Runnable {
    static final int DONE = 0;
    static final int NOT_ALL = 1;
    static final int WRONG = 2;
    static final int NO_BROKER = 3;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    Main() {}

    /** Ends the JVM with the exit code. */
    public static void main(String[] args) {
        // Not by returning: a client library may leave a thread behind that is no daemon.
        System.exit(line().execute(args));
    }

    static CommandLine line() {
        CommandLine line = new CommandLine(new Main());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((wrong, given) -> fail(
                wrong.getCommandLine(),
                wrong.getMessage() + "; see " + name(wrong.getCommandLine()) + " --help",
                WRONG));
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure.getCause() instanceof BrokerException missing
                    && missing.kind() == BrokerException.Kind.MISSING) {
                return fail(
                        command,
                        failure.getMessage() + "; if it is declared ordered by key, or with priorities, give --ordered,"
                                + " or --priorities",
                        NO_BROKER);
            }
            if (failure instanceof BrokerUnavailableException
                    || failure instanceof ConvoyStoreException
                    || failure instanceof PayloadStoreException) {
                return fail(command, failure.getMessage(), NO_BROKER);
            }
            if (failure instanceof WaybillException
                    || failure instanceof ConvoyException
                    || failure instanceof IllegalArgumentException) {
                return fail(command, failure.getMessage(), WRONG);
            }
            throw failure;
        });
        return line;
    }

    private static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName();
    }

    private static int fail(CommandLine command, @Nullable String message, int code) {
        PrintWriter err = command.getErr();
        err.println(name(command) + ": " + message);
        err.flush();
        return code;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "a command is missing: queues, dlq, convoys, payloads, health or capabilities");
    }
}
