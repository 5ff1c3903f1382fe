package dev.waybill.examples.thumbnails;

import dev.waybill.examples.demo.BrokerOption;
import dev.waybill.examples.demo.DemoBroker;
import dev.waybill.examples.demo.DemoException;
import dev.waybill.examples.demo.Folders;
import dev.waybill.examples.demo.Progress;
import dev.waybill.examples.demo.WorkFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of the thumbnails. Ends with 0 if every image is accounted for, 1 if not. */
@Command(
        name = "thumbnails",
        sortOptions = false,
        usageHelpWidth = 100,
        description = {
            "Sends each file of a folder to workers that make thumbnails. An image above 64 KiB waits in a payload store, and only "
                    + "a signed reference goes through the broker; the workers read it as a stream. What is no image goes to the "
                    + "dead-letter queue. At the end all thumbnails are on one contact sheet.",
            ""
        })
public final class ThumbnailsDemo implements Callable<Integer> {
    @Mixin
    private final BrokerOption broker = new BrokerOption();

    @Option(
            names = "--input",
            paramLabel = "DIR",
            description = "The images (not those in folders below); by default our own sample, which is drawn for it.")
    private @Nullable Path input;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description =
                    "Where the thumbnails and contact-sheet.png go, over those of an earlier run; by default examples/target/thumbnails.")
    private @Nullable Path output;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "How many thumbnails are made at once, 1 to 64; by default ${DEFAULT-VALUE}.")
    private int workers = 4;

    @Option(
            names = "--queue",
            paramLabel = "NAME",
            description =
                    "The queue's name, by default ${DEFAULT-VALUE}. Two demos at once on one broker need two names.")
    private String queue = "waybill-images";

    @Option(names = "--help", usageHelp = true, description = "This text.")
    @SuppressWarnings("UnusedVariable") // read by picocli
    private boolean help;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (workers < 1 || workers > 64) {
            throw new DemoException("--workers is " + workers + " but must be 1 to 64");
        }
        // It needs no screen, and on a Mac no icon in the dock.
        System.setProperty("java.awt.headless", "true");
        try (WorkFolder work = WorkFolder.make("waybill-thumbnails")) {
            List<Path> images = Folders.files(input == null ? sample(work.path()) : Folders.given(input));
            Path target = output == null ? Path.of("examples", "target", "thumbnails") : Folders.given(output);
            Files.createDirectories(target);
            if (input != null && Files.isSameFile(target, Folders.given(input))) {
                throw new DemoException("--output is the same folder as --input, whose images might be written over");
            }
            try (DemoBroker chosen = broker.open()) {
                System.out.printf(
                        "%d files from %s to %d workers, on %s%n",
                        images.size(), input == null ? "our sample" : input, workers, broker.name());
                return run(chosen, images, work.path().resolve("payloads"), target);
            }
        }
    }

    private static Path sample(Path work) throws IOException {
        Path sample = Files.createDirectory(work.resolve("images"));
        SampleImages.drawInto(sample);
        return sample;
    }

    private int run(DemoBroker chosen, List<Path> images, Path payloads, Path target)
            throws IOException, InterruptedException {
        ThumbnailsReport report;
        try (Progress progress = Progress.onStandardError(images.size())) {
            report = new ThumbnailsRun(chosen, queue, workers, payloads).run(images, target, progress);
        }
        System.out.println();
        System.out.print(report.text());
        System.out.println(sheet(report.book().thumbnails(), target.resolve("contact-sheet.png")));
        System.out.println(report.totals());
        return report.whole() ? 0 : 1;
    }

    private static String sheet(List<Thumbnail> thumbnails, Path file) throws IOException {
        if (thumbnails.isEmpty()) {
            return "no contact sheet, since there are no thumbnails";
        }
        boolean named = ContactSheet.write(thumbnails, file);
        String most = thumbnails.size() > ContactSheet.MOST ? ", with the first " + ContactSheet.MOST : "";
        return "contact sheet: " + file + most + (named ? "" : ", without the names, since this Java finds no fonts");
    }
}
