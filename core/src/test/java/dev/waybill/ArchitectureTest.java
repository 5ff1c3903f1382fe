package dev.waybill;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.waybill", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule theSpiKnowsNothingOfTheEngine = noClasses()
            .that()
            .resideInAPackage("dev.waybill.spi")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.waybill.internal..",
                    "dev.waybill.inmemory..",
                    "dev.waybill.micrometer..",
                    "dev.waybill.opentelemetry..");

    @ArchTest
    static final ArchRule theInMemoryBrokerIsAnAdapterLikeTheOthers = noClasses()
            .that()
            .resideInAPackage("dev.waybill.inmemory")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.waybill.internal..", "dev.waybill.micrometer..", "dev.waybill.opentelemetry..");

    @ArchTest
    static final ArchRule anIdempotencyStoreKnowsNothingOfTheEngine = noClasses()
            .that()
            .resideInAPackage("dev.waybill.idempotency")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.waybill.internal..",
                    "dev.waybill.inmemory..",
                    "dev.waybill.micrometer..",
                    "dev.waybill.opentelemetry..");

    @ArchTest
    static final ArchRule convoysAreBuiltOnWhatEveryApplicationHas = noClasses()
            .that()
            .resideInAPackage("dev.waybill.convoy")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.waybill.internal..",
                    "dev.waybill.inmemory..",
                    "dev.waybill.spi..",
                    "dev.waybill.micrometer..",
                    "dev.waybill.opentelemetry..");

    @ArchTest
    static final ArchRule theEngineKnowsNoBroker = noClasses()
            .that()
            .resideInAPackage("dev.waybill.internal..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.waybill.inmemory..",
                    "com.rabbitmq..",
                    "org.apache.kafka..",
                    "software.amazon..",
                    "com.azure..");

    @ArchTest
    static final ArchRule optionalLibrariesStayInTheirCorner = noClasses()
            .that()
            .resideOutsideOfPackages("dev.waybill.micrometer", "dev.waybill.opentelemetry")
            .and()
            .doNotHaveFullyQualifiedName("dev.waybill.internal.JsonCodec")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..", "io.opentelemetry..", "com.fasterxml..");

    @ArchTest
    static final ArchRule nothingWritesToStandardOutput =
            noClasses().should().accessField(System.class, "out").orShould().accessField(System.class, "err");

    @ArchTest
    static final ArchRule onlyTheDoorsOfTheEngineArePublic = noClasses()
            .that()
            .resideInAPackage("dev.waybill.internal")
            .and()
            .areTopLevelClasses()
            .and()
            .doNotBelongToAnyOf(
                    dev.waybill.internal.WaybillRuntime.class,
                    dev.waybill.internal.ConfigSources.class,
                    dev.waybill.internal.JsonCodec.class,
                    dev.waybill.internal.PlainCodecs.class,
                    dev.waybill.internal.Payloads.class,
                    dev.waybill.internal.MessageIds.class)
            .should()
            .bePublic();
}
