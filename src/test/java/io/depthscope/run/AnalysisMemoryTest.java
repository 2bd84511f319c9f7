package io.depthscope.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.depthscope.backend.Backend;
import io.depthscope.backend.cpu.CpuBackend;
import io.depthscope.backend.reference.ReferenceBackend;
import io.depthscope.dataset.Dataset;
import io.depthscope.dataset.Datasets;
import io.depthscope.graph.Node;
import io.depthscope.graph.exchange.LoadedModel;
import io.depthscope.plan.CalibratedTensor;
import io.depthscope.plan.Feed;
import io.depthscope.plan.Plan;
import io.depthscope.plan.Recording;
import io.depthscope.quant.Granularity;
import io.depthscope.quant.QuantScheme;
import io.depthscope.quant.Range;
import io.depthscope.quant.RangeEstimator;
import io.depthscope.record.Calibration;
import io.depthscope.stats.BitHistogram;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnalysisMemoryTest {

  /** What is said before the calibration is what the plan made after it takes. */
  @ParameterizedTest
  @ValueSource(strings = {"w8a8", "w4a16", "w8", "a8"})
  void estimateIsThatOfThePlanOfTheRun(String text) throws IOException {
    LoadedModel model = Zoo.of(Zoo.TrainedOn.SYNTHETIC).getFirst().load();
    Subject subject = new Subject(model, StatedImages.NOTHING.preprocessing(model));
    RangeEstimator minMax = new RangeEstimator.MinMax();
    QuantScheme scheme =
        QuantScheme.parse(text, false, false, Granularity.PER_CHANNEL, minMax, minMax);
    Method method =
        new Method(new Quantization.ByScheme(scheme), Feed.ACCUMULATED, Recording.ERROR_SOURCES);
    Map<String, CalibratedTensor> seen = new HashMap<>();
    for (Node node : subject.model().graph().nodes()) {
      seen.put(node.name(), new CalibratedTensor(new Range(-1, 1), new BitHistogram()));
    }
    Calibration calibration = new Calibration(1, "a test", Map.of(), seen);
    Plan plan =
        subject.plan(
            method.quantization().spec(subject.model().network(), calibration),
            method.feed(),
            method.recording());
    for (Backend backend : List.of(new CpuBackend(2), new ReferenceBackend())) {
      try (Dataset data = Datasets.open("synthetic:4", Datasets.Options.defaults())) {
        Analysis analysis =
            new Analysis(
                subject,
                new TestImages<>(data, 4, false, 1),
                method,
                CalibrationSource.of(
                    "synthetic:4", 4, CalibrationSource.Order.SPREAD, Optional.empty(), () -> data),
                new Machine(backend, "asked for", 2, 16));
        assertEquals(backend.memoryBytes(plan, 16), analysis.memory().network(), backend.name());
      }
    }
  }
}
