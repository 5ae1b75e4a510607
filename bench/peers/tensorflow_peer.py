"""TensorFlow's kernels, and networks as Keras trains them."""

import os

import numpy as np
from common import WEIGHTS, Unsupported, walk


class TensorFlow:
    def __init__(self):
        import keras
        import tensorflow as tf

        self.tf, self.keras = tf, keras
        self.version = f"{tf.__version__}, Keras {keras.__version__}"
        gpus = tf.config.list_physical_devices("GPU")
        self.device = "GPU" if gpus else f"CPU, {os.cpu_count()} cores"

    def finish(self):
        """Eager kernels on the processor have run when they return."""

    def array(self, result):
        return result.numpy()

    def operation(self, work, x):
        tf = self.tf
        op, shape = work["op"], work["shape"]
        c = {name: tf.constant(value) for name, value in x.items()}
        if op == "matmul":
            return lambda: [tf.matmul(c["a"], c["b"])]
        if op.startswith("conv2d"):
            strides, padding = [1, shape["stride"], shape["stride"], 1], "SAME" if shape["same"] else "VALID"
            if op == "conv2d":
                return lambda: [tf.nn.conv2d(c["x"], c["kernel"], strides, padding)]
            options = {"strides": strides, "padding": padding}
            if op == "conv2d_input_grad":
                sizes = [shape["n"], shape["h"], shape["w"], shape["cin"]]
                return lambda: [
                    tf.raw_ops.Conv2DBackpropInput(
                        input_sizes=sizes, filter=c["kernel"], out_backprop=c["dy"], **options
                    )
                ]
            sizes = [shape["kernel"], shape["kernel"], shape["cin"], shape["cout"]]
            return lambda: [
                tf.raw_ops.Conv2DBackpropFilter(input=c["x"], filter_sizes=sizes, out_backprop=c["dy"], **options)
            ]
        if op.startswith("max_pool2d"):
            window = [1, shape["window"], shape["window"], 1]
            pool = {"ksize": window, "strides": window, "padding": "VALID"}
            if op == "max_pool2d":
                return lambda: [tf.raw_ops.MaxPool(input=c["x"], **pool)]
            y = tf.raw_ops.MaxPool(input=c["x"], **pool)
            return lambda: [tf.raw_ops.MaxPoolGrad(orig_input=c["x"], orig_output=y, grad=c["dy"], **pool)]
        if op == "softmax_cross_entropy":
            labels = tf.cast(c["labels"], tf.int32)

            @tf.function
            def both():
                with tf.GradientTape() as tape:
                    tape.watch(c["logits"])
                    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, c["logits"])
                    loss = tf.reduce_mean(each)
                return [tf.reshape(loss, [1]), tape.gradient(loss, c["logits"])]

            return both
        if op == "adam":
            variable = self.keras.Variable(c["parameters"])
            optimizer = self.keras.optimizers.Adam(1e-3, epsilon=1e-7)
            optimizer.build([variable])
            update = tf.function(lambda: optimizer.apply([c["gradients"]], [variable]))

            def run():
                update()
                return [variable.value]

            return run
        raise Unsupported(f"'{op}' is not translated for TensorFlow")

    def network(self, layers, inputs):
        keras = self.keras
        k = keras.layers
        pending = []

        def one(layer, path, x):
            kind, act = layer["type"], layer.get("activation")
            if kind == "conv2d":
                made = k.Conv2D(
                    layer["filters"],
                    layer["kernelSize"],
                    strides=layer.get("stride", 1),
                    padding=layer.get("padding", "valid"),
                    activation=act,
                    use_bias=layer.get("bias", True),
                )
                pending.append((made, path, ["kernel"] + (["bias"] if layer.get("bias", True) else [])))
            elif kind == "dense":
                made = k.Dense(layer["units"], activation=act)
                pending.append((made, path, ["kernel", "bias"]))
            elif kind == "batchNorm2d":
                made = k.BatchNormalization(momentum=layer.get("momentum", 0.99), epsilon=layer.get("epsilon", 1e-3))
                pending.append((made, path, ["gamma", "beta"]))
            elif kind == "maxPool2d":
                made = k.MaxPooling2D(layer["window"])
            elif kind == "dropout":
                if layer["rate"] == 0:
                    return x
                made = k.Dropout(layer["rate"])
            elif kind == "flatten":
                made = k.Flatten()
            elif kind == "activation":
                made = k.Activation("relu")
            elif kind == "globalAvgPool":
                made = k.GlobalAveragePooling2D()
            elif kind == "residual":
                body = chain(layer["body"], f"{path}.body.", x)
                other = chain(layer["shortcut"], f"{path}.shortcut.", x) if "shortcut" in layer else x
                added = k.Add()([body, other])
                return k.Activation("relu")(added) if act else added
            else:
                raise Unsupported(f"layer '{kind}' is not translated")
            x = made(x)
            # Keras' batch norm has no activation of its own.
            return k.Activation("relu")(x) if kind == "batchNorm2d" and act else x

        def chain(layer, prefix, x):
            for part, path in walk(layer, prefix):
                x = one(part, path, x)
            return x

        start = k.Input(inputs["images"].shape[1:])
        model = keras.Model(start, chain(layers, "", start))
        for layer, path, names in pending:
            for name in names:
                getattr(layer, name).assign(inputs[f"{WEIGHTS}{path}.{name}"])
        return model

    def forward(self, layers, inputs):
        model = self.network(layers, inputs)
        images = self.tf.constant(inputs["images"])
        run = self.tf.function(lambda: model(images, training=False))
        return lambda: [run()]

    def training(self, network, layers, inputs):
        """Keras' own compiled training step, as `fit` runs it, on the same batch again and again."""
        tf, keras = self.tf, self.keras
        o = network["optimizer"]
        model = self.network(layers, inputs)
        optimizer = (
            keras.optimizers.Adam(o["learningRate"], epsilon=1e-7)
            if o["name"] == "adam"
            else keras.optimizers.SGD(o["learningRate"], momentum=o["momentum"])
        )
        model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        batch = (inputs["images"], inputs["labels"].astype(np.int32))
        data = iter(tf.data.Dataset.from_tensors(batch).repeat())
        model.make_train_function()
        step = model.train_function

        def run():
            # What comes back is a running mean; the loss of this step is what a fresh one holds.
            for metric in model.metrics:
                metric.reset_state()
            return [step(data)["loss"]]

        return run
