"""TFLite files of the tests that spread values over channels; see tflite_models."""

from tools.golden.tflite_net import case


@case()
def masked(n, x):
    seen = n.binary("MUL", n.op("LOGISTIC", n.conv(x, 3, 1)), n.conv(x, 3, 4))
    wide = n.op("BROADCAST_TO", n.conv(x, 3, 1, k=1), n.ints(1, 7, 9, 4), options="BroadcastToOptions")
    return [n.conv(n.binary("ADD", seen, wide), 4, 2)]
