import datetime

import pipeline.config as c
from pipeline.runners.capacity import Capacity, memory
from pipeline.runs import Home, NodeRecord, RunRecord

GB = 10**9


def config(**fields: object) -> c.Config:
    return c.Config(
        name="x", data=c.Data(path="x"), heads=(c.Head(label="y"),), features=(c.Numeric(column="x"),), **fields
    )


def record(**took: int) -> RunRecord:
    nodes = tuple(NodeRecord(id=node, peak_memory=peak, home=Home(run="r")) for node, peak in took.items())
    return RunRecord(id="r", pipeline="x", started=datetime.datetime.now(), config_json="", nodes=nodes)


def test_cores_are_shared_and_a_node_without_a_need_takes_one():
    capacity = Capacity(config(machine=c.Machine(cores=3), resources={"Big": c.Resources(cpu=2)}), [])
    assert capacity.admits("Big", {"A"})
    assert not capacity.admits("Big", {"A", "B"})
    assert not capacity.admits("A", {"Big", "B"})


def test_memory_is_what_a_node_asks_for_or_took_before():
    limits = c.Machine(cores=9, memory="5G")
    capacity = Capacity(
        config(machine=limits, resources={"Asks": c.Resources(memory="4G")}),
        [record(), record(Took=GB // 2), record(Took=9 * GB)],
    )
    assert capacity.admits("Took", {"Asks"})
    assert not capacity.admits("Unknown", {"Asks"})
    assert capacity.admits("Unknown", {"Other"})
    assert not capacity.admits("Unknown", {"Other", "Third"})


def test_two_nodes_do_not_take_the_gpu_at_once():
    capacity = Capacity(config(machine=c.Machine(cores=9, memory="99G")), [])
    assert not capacity.admits("Trainer", {"Tuner"})
    assert capacity.admits("Trainer", {"StatisticsGen"})


def test_one_node_may_always_run():
    limits = c.Machine(cores=1, memory="1G")
    assert Capacity(config(machine=limits, resources={"Big": c.Resources(cpu=64, memory="1T")}), []).admits("Big", ())


def test_this_machine_has_memory():
    assert 10**8 < memory() < 10**15
