"""Graphs handed to others: PyTorch modules, ONNX files, files of parameters."""
