"""PyTorch's kernels and networks, eagerly, on its own layouts (NCHW, OIHW)."""

import numpy as np
from common import WEIGHTS, Unsupported, walk


class Torch:
    def __init__(self, cuda, tf32):
        import torch

        if cuda and not torch.cuda.is_available():
            raise Unsupported("PyTorch finds no CUDA device here")
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        self.torch, self.cuda = torch, cuda
        self.place = "cuda" if cuda else "cpu"
        self.version = torch.__version__
        self.device = torch.cuda.get_device_name() if cuda else f"CPU, {torch.get_num_threads()} threads"

    def finish(self):
        if self.cuda:
            self.torch.cuda.synchronize()

    def array(self, result):
        return result.detach().cpu().numpy()

    def tensor(self, value, order=None):
        if order:
            value = np.ascontiguousarray(value.transpose(order))
        return self.torch.from_numpy(value.copy()).to(self.place)

    NCHW, OIHW = (0, 3, 1, 2), (3, 2, 0, 1)

    @staticmethod
    def ends(size, window, stride):
        """TensorFlow's zero padding of one axis."""
        total = max((-(-size // stride) - 1) * stride + window - size, 0)
        return total // 2, total - total // 2

    def padded(self, x, same, window, stride):
        """The picture, padded where the two ends differ, and what the convolution itself is to pad."""
        if not same:
            return x, (0, 0), None
        top, bottom = self.ends(x.shape[2], window, stride)
        left, right = self.ends(x.shape[3], window, stride)
        if (top, left) == (bottom, right):
            return x, (top, left), None
        edges = (left, right, top, bottom)
        return self.torch.nn.functional.pad(x, edges), (0, 0), edges

    def operation(self, work, x):
        torch = self.torch
        f = torch.nn.functional
        op, shape = work["op"], work["shape"]
        if op == "matmul":
            a, b = self.tensor(x["a"]), self.tensor(x["b"])
            return lambda: [torch.matmul(a, b)]
        if op.startswith("conv2d"):
            return self.convolution(op, shape, x)
        if op == "max_pool2d":
            images = self.tensor(x["x"], self.NCHW)
            return lambda: [f.max_pool2d(images, shape["window"]).permute(0, 2, 3, 1)]
        if op == "max_pool2d_grad":
            images, dy = self.tensor(x["x"], self.NCHW), self.tensor(x["dy"], self.NCHW)
            w = [shape["window"]] * 2
            _, indices = f.max_pool2d(images, w, return_indices=True)
            back = torch.ops.aten.max_pool2d_with_indices_backward
            return lambda: [back(dy, images, w, w, [0, 0], [1, 1], False, indices).permute(0, 2, 3, 1)]
        if op == "softmax_cross_entropy":
            logits = self.tensor(x["logits"]).requires_grad_()
            labels = self.tensor(x["labels"]).long()

            def both():
                loss = f.cross_entropy(logits, labels)
                return [loss.reshape(1), torch.autograd.grad(loss, logits)[0]]

            return both
        if op == "adam":
            parameters = torch.nn.Parameter(self.tensor(x["parameters"]))
            parameters.grad = self.tensor(x["gradients"])
            optimizer = torch.optim.Adam([parameters], lr=1e-3, eps=1e-7)

            def run():
                optimizer.step()
                return [parameters]

            return run
        raise Unsupported(f"'{op}' is not translated for PyTorch")

    def convolution(self, op, shape, x):
        torch = self.torch
        stride, window, same = shape["stride"], shape["kernel"], shape["same"]
        size = (shape["n"], shape["cin"], shape["h"], shape["w"])
        images = self.tensor(x["x"], self.NCHW) if "x" in x else torch.zeros(size, device=self.place)
        weights = (
            self.tensor(x["kernel"], self.OIHW)
            if "kernel" in x
            else torch.zeros((shape["cout"], shape["cin"], window, window), device=self.place)
        )
        if op == "conv2d":

            def forward():
                padded, padding, _ = self.padded(images, same, window, stride)
                y = torch.nn.functional.conv2d(padded, weights, stride=stride, padding=padding)
                return [y.permute(0, 2, 3, 1)]

            return forward
        dy = self.tensor(x["dy"], self.NCHW)
        wanted = op == "conv2d_input_grad"

        def backward():
            padded, padding, edges = self.padded(images, same, window, stride)
            dx, dw, _ = torch.ops.aten.convolution_backward(
                dy, padded, weights, None, [stride] * 2, padding, [1, 1], False, [0, 0], 1, [wanted, not wanted, False]
            )
            if not wanted:
                return [dw.permute(2, 3, 1, 0)]
            if edges:
                left, right, top, bottom = edges
                dx = dx[:, :, top : dx.shape[2] - bottom, left : dx.shape[3] - right]
            return [dx.permute(0, 2, 3, 1)]

        return backward

    def network(self, layers, inputs):
        torch = self.torch
        f = torch.nn.functional
        weights = {}
        for name, value in inputs.items():
            if name.startswith(WEIGHTS):
                order = self.OIHW if value.ndim == 4 else None
                weights[name[len(WEIGHTS) :]] = torch.nn.Parameter(self.tensor(value, order))
        running = {}

        def one(layer, path, x, train):
            kind, act = layer["type"], layer.get("activation")
            if kind == "conv2d":
                stride, window = layer.get("stride", 1), layer["kernelSize"]
                x, padding, _ = self.padded(x, layer.get("padding") == "same", window, stride)
                x = f.conv2d(x, weights[f"{path}.kernel"], weights.get(f"{path}.bias"), stride=stride, padding=padding)
            elif kind == "dense":
                x = torch.addmm(weights[f"{path}.bias"], x, weights[f"{path}.kernel"])
            elif kind == "batchNorm2d":
                gamma = weights[f"{path}.gamma"]
                if path not in running:
                    running[path] = (torch.zeros_like(gamma.data), torch.ones_like(gamma.data))
                mean, variance = running[path]
                momentum, epsilon = 1 - layer.get("momentum", 0.99), layer.get("epsilon", 1e-3)
                x = f.batch_norm(x, mean, variance, gamma, weights[f"{path}.beta"], train, momentum, epsilon)
            elif kind == "maxPool2d":
                return f.max_pool2d(x, layer["window"])
            elif kind == "dropout":
                return f.dropout(x, layer["rate"], train)
            elif kind == "flatten":
                return x.permute(0, 2, 3, 1).flatten(1)
            elif kind == "activation":
                return f.relu(x)
            elif kind == "globalAvgPool":
                return x.mean((2, 3))
            elif kind == "residual":
                body = chain(layer["body"], f"{path}.body.", x, train)
                x = body + (chain(layer["shortcut"], f"{path}.shortcut.", x, train) if "shortcut" in layer else x)
            else:
                raise Unsupported(f"layer '{kind}' is not translated")
            return f.relu(x) if act == "relu" else x

        def chain(layer, prefix, x, train):
            for part, path in walk(layer, prefix):
                x = one(part, path, x, train)
            return x

        return weights, lambda x, train: chain(layers, "", x, train)

    def forward(self, layers, inputs):
        _, model = self.network(layers, inputs)
        images = self.tensor(inputs["images"], self.NCHW)

        def run():
            with self.torch.no_grad():
                return [model(images, False)]

        return run

    def training(self, network, layers, inputs):
        torch, o = self.torch, network["optimizer"]
        weights, model = self.network(layers, inputs)
        images, labels = self.tensor(inputs["images"], self.NCHW), self.tensor(inputs["labels"]).long()
        optimizer = (
            torch.optim.Adam(weights.values(), lr=o["learningRate"], eps=1e-7)
            if o["name"] == "adam"
            else torch.optim.SGD(weights.values(), lr=o["learningRate"], momentum=o["momentum"])
        )

        def run():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(images, True), labels)
            loss.backward()
            optimizer.step()
            return [loss]

        return run
