package dev.waybill.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waybill.kafka.Crew.Turn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CrewTest {

    private static final class Worker implements Crew.Member {
        private final int pollSize;
        private int wakeUps;

        Worker(int pollSize) {
            this.pollSize = pollSize;
        }

        @Override
        public int pollSize() {
            return pollSize;
        }

        @Override
        public void wake() {
            wakeUps++;
        }
    }

    private final List<Worker> hired = new ArrayList<>();

    private Crew<Worker> crew(int partitions, int largest, int prefetch) {
        Crew<Worker> crew = new Crew<>(partitions, largest, prefetch, size -> {
            Worker worker = new Worker(size);
            hired.add(worker);
            return worker;
        });
        crew.start();
        return crew;
    }

    @Test
    void one_polls_at_a_time_where_there_is_one_partition() {
        Crew<Worker> crew = crew(1, 8, 10);
        assertThat(hired).hasSize(2);
        assertThat(crew.next(hired.get(0))).isEqualTo(Turn.POLL);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.WAIT);
        assertThat(crew.next(hired.get(0))).isEqualTo(Turn.POLL);
        crew.polled(hired.get(0), 3, false);
        assertThat(hired.get(1).wakeUps).isEqualTo(1);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.POLL);
    }

    @Test
    void all_that_are_free_poll_where_there_are_several_partitions() {
        Crew<Worker> crew = crew(2, 8, 10);
        assertThat(crew.next(hired.get(0))).isEqualTo(Turn.POLL);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.POLL);
    }

    @Test
    void nobody_polls_while_the_prefetch_is_used_up() {
        Crew<Worker> crew = crew(1, 8, 4);
        crew.next(hired.get(0));
        crew.polled(hired.get(0), 4, false);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.WAIT);
        crew.released(1);
        assertThat(hired.get(1).wakeUps).isEqualTo(1);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.POLL);
    }

    @Test
    void a_paused_crew_begins_no_poll_but_ends_the_one_begun() {
        Crew<Worker> crew = crew(1, 8, 10);
        crew.next(hired.get(0));
        crew.pause();
        assertThat(crew.next(hired.get(0))).isEqualTo(Turn.POLL);
        crew.polled(hired.get(0), 1, false);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.WAIT);
        crew.resume();
        assertThat(hired.get(1).wakeUps).isEqualTo(1);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.POLL);
    }

    @Test
    void another_is_hired_when_all_are_stuck_and_there_is_room() {
        Crew<Worker> crew = crew(1, 4, 10);
        crew.stuck(hired.get(0));
        assertThat(hired).hasSize(2);
        crew.stuck(hired.get(1));
        assertThat(hired).hasSize(3);
        crew.stuck(hired.get(2));
        crew.stuck(hired.get(3));
        assertThat(hired).hasSize(4);
        assertThat(crew.workers()).hasSize(4);
    }

    @Test
    void nobody_is_hired_where_there_is_no_room() {
        Crew<Worker> crew = crew(1, 8, 2);
        crew.next(hired.get(0));
        crew.polled(hired.get(0), 2, false);
        hired.forEach(crew::stuck);
        assertThat(hired).hasSize(2);
        crew.released(1);
        assertThat(hired).hasSize(3);
    }

    @Test
    void one_whose_client_may_hold_more_polls_before_the_others() {
        Crew<Worker> crew = crew(1, 8, 10);
        crew.next(hired.get(0));
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.WAIT);
        crew.polled(hired.get(0), 1, true);
        assertThat(hired.get(1).wakeUps).isZero();
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.WAIT);
        assertThat(crew.next(hired.get(0))).isEqualTo(Turn.POLL);
        crew.polled(hired.get(0), 1, false);
        assertThat(hired.get(1).wakeUps).isEqualTo(1);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.POLL);
    }

    @Test
    void one_whose_client_may_hold_more_looks_even_if_there_is_no_room_or_another_polls() {
        Crew<Worker> crew = crew(1, 8, 10);
        crew.next(hired.get(0));
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.WAIT);
        crew.polled(hired.get(0), 10, true);
        crew.stuck(hired.get(0));
        crew.released(1);
        assertThat(hired.get(1).wakeUps).isEqualTo(1);
        assertThat(crew.next(hired.get(1))).isEqualTo(Turn.POLL);
        assertThat(crew.next(hired.get(0))).isEqualTo(Turn.POLL);
    }

    @Test
    void a_much_larger_prefetch_replaces_workers_with_small_polls() {
        Crew<Worker> crew = crew(1, 8, 2);
        Worker small = hired.get(0);
        crew.prefetch(100);
        assertThat(crew.next(small)).isEqualTo(Turn.LEAVE);
        assertThat(hired).hasSize(3);
        assertThat(hired.get(2).pollSize).isEqualTo(50);
        crew.prefetch(1);
        assertThat(crew.next(hired.get(2))).isEqualTo(Turn.POLL);
    }

    @Test
    void one_too_many_for_the_group_leaves_but_not_the_last() {
        Crew<Worker> crew = crew(1, 8, 10);
        assertThat(crew.doesWithout(hired.get(1))).isTrue();
        assertThat(crew.doesWithout(hired.get(0))).isFalse();
        crew.stuck(hired.get(0));
        assertThat(hired).hasSize(2);
    }
}
